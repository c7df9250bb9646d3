import { randomUUID } from 'node:crypto';
import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

t.test('an address that leads nowhere says why, and nothing is loading for ever', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { cat_id } = await shop.addCategory({ name: 'Shelf' });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const refused: Readonly<Record<string, RegExp>> = {
    'catalog?as_of=garbage': /log position|as_of/,
    [`catalog?category=${cat_id}&as_of=garbage`]: /log position|as_of/,
    'catalog?as_of=2999-01-01T00:00:00Z': /as_of|not come yet|future/,
    'catalog?category=999': /category/,
    'catalog?product=999': /product/,
    'orders/no-id': /order_id/,
    [`orders/${randomUUID()}`]: /order/,
    'orders?status=lost': /status/,
    'orders?placed_from=garbage': /placed_from/,
    'orders?total_min=much': /total_min/,
    'users/no-id': /user_id/,
    [`users/${randomUUID()}`]: /user/,
    'stock?available_below=many': /available_below/,
    'stock?product=none': /product_id/,
    'log?stream=nothing': /stream/,
    'log?before=garbage': /log position|before/,
  };
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  for (const [address, reason] of Object.entries(refused)) {
    await page.goto(`${shop.http.url}/console/${address}`);
    await page.getByRole('alert').filter({ hasText: reason }).first().waitFor(PATIENCE);
    for (const waiting of ['Loading…', 'Connecting…'])
      await page
        .getByText(waiting)
        .first()
        .waitFor({ state: 'detached', ...PATIENCE });
    t.notMatch(await page.locator('body').innerText(), /NaN|Invalid|undefined/, address);
  }
  await page.goto(`${shop.http.url}/console/catalog?as_of=2020-01-01T00:00:00Z`);
  await page.getByText('There were no categories then.').waitFor(PATIENCE);
  const position = (await shop.http.ok('GET', '/v1/categories')).headers.get('log-position') ?? '';
  await page.goto(`${shop.http.url}/console/catalog?as_of=${position}`);
  await page.locator('.tree-row', { hasText: 'Shelf' }).waitFor(PATIENCE);
  await page.getByText('As of position').waitFor(PATIENCE);
  t.same(faults, []);
});
