import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };
/** A space, and characters without width. */
const BLANKS = [' ', '\u200b', '\u2028\u00ad\u3164'];

t.test('a name of which nothing can be seen can be read and pressed on every screen', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const [user, category, product] = BLANKS as [string, string, string];
  const { user_id } = await shop.registerUser({ name: user, email: 'ada@example.com' });
  const { cat_id } = await shop.addCategory({ name: category });
  const { product_id } = await shop.addProduct([cat_id], { name: product, sku: 'LAMP' });
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 20 } });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  const screens: readonly (readonly [path: string, selector: string, text: string])[] = [
    ['catalog', '.tree-name', '(blank name)'],
    [`catalog?category=${cat_id}`, 'h2', '(blank name)'],
    [`catalog?category=${cat_id}`, `a[href$="product=${product_id}"]`, '(blank name)'],
    [`catalog?product=${product_id}`, 'h2', '(blank name)'],
    [`catalog?product=${product_id}`, `a[href*="category=${cat_id}"]`, '(blank name)'],
    ['orders', 'td', '1 × (blank name)'],
    [`orders/${order_id}`, `a[href$="${user_id}"]`, '(blank name) · ada@example.com'],
    [`orders/${order_id}`, `a[href$="product=${product_id}"]`, '(blank name)'],
    ['users', `a[href$="${user_id}"]`, '(blank name)'],
    [`users/${user_id}`, 'h1', '(blank name)'],
    ['stock', `a[href$="product=${product_id}"]`, '(blank name)'],
  ];
  for (const [path, selector, text] of screens) {
    await page.goto(`${shop.http.url}/console/${path}`);
    await page.locator(`main ${selector}`).getByText(text, { exact: true }).first().waitFor(PATIENCE);
    t.same(
      await page
        .locator('main a, main h1, main h2')
        .filter({ hasText: /^[\s\u200b\u00ad\u3164]*$/ })
        .count(),
      0,
      path,
    );
  }
  t.match(await page.title(), /Stock/);
  t.same(faults, []);
});
