import { randomUUID } from 'node:crypto';
import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

t.test('any id, SKU, reference or address is found, whatever it looks like', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const email = 'ada@shop.test';
  const reference = 'parcel@market-7';
  const { user_id } = await shop.registerUser({ name: 'Ada', email });
  const { cat_id } = await shop.addCategory();
  const skus = ['A@1', randomUUID(), '4711', 'O-000009', 'OLD-1'];
  const products = [];
  for (const sku of skus) products.push(await shop.addProduct([cat_id], { sku }));
  const [first, , , , last] = products;
  const items = [{ product_id: first?.product_id, quantity: 1 }];
  const json = { user_id, items, external_reference: reference };
  const { data } = await shop.http.ok('POST', '/v1/orders', { json });
  const { order_id, number } = data as { order_id: string; number: string };
  await shop.http.ok('POST', `/v1/products/${last?.product_id}/retire`);
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const wanted: readonly (readonly [text: string, href: string])[] = [
    ...products.map(({ sku, product_id }) => [sku, `/console/catalog?product=${product_id}`] as const),
    [reference, `/console/orders/${order_id}`],
    [number.toLowerCase(), `/console/orders/${order_id}`],
    [order_id, `/console/orders/${order_id}`],
    [email, `/console/users/${user_id}`],
    [user_id, `/console/users/${user_id}`],
    [String(first?.product_id), `/console/catalog?product=${first?.product_id}`],
  ];
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/orders`);
  const box = page.getByRole('combobox', { name: 'Find an order, user, product or category' });
  for (const [text, href] of wanted) {
    await box.fill(text);
    // Found, or said to be nowhere.
    const found = page.locator('#search-hits').locator('a, li:has-text("Nothing has")').first();
    await found.waitFor(PATIENCE);
    const links = await page.locator('#search-hits a').all();
    const hrefs = await Promise.all(links.map((link) => link.getAttribute('href')));
    t.ok(hrefs.includes(href), `${text} is found: ${hrefs.join(' ')}`);
    await box.fill('');
  }
  t.same(faults, []);
});
