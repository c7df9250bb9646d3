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
    'orders?status=lost': /status/,
    'orders?placed_from=garbage': /placed_from/,
    'orders?total_min=much': /total_min/,
    'stock?available_below=many': /available_below/,
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
  t.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0, 'what the API refuses, it refuses again');
  await page.goto(`${shop.http.url}/console/catalog?as_of=2020-01-01T00:00:00Z`);
  await page.getByText('There were no categories then.').waitFor(PATIENCE);
  const position = (await shop.http.ok('GET', '/v1/categories')).headers.get('log-position') ?? '';
  await page.goto(`${shop.http.url}/console/catalog?as_of=${position}`);
  await page.locator('.tree-row', { hasText: 'Shelf' }).waitFor(PATIENCE);
  await page.getByText('As of position').waitFor(PATIENCE);
  t.same(faults, []);
});

t.test('an address of what does not exist says so, and leads to what does', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { cat_id } = await shop.addCategory({ name: 'Shelf' });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const id = randomUUID();
  const nothing: readonly (readonly [address: string, says: string, leadsTo: string])[] = [
    ['orders/no-id', 'There is no order with the id “no-id”.', 'orders'],
    [`orders/${id}`, `There is no order with the id “${id}”.`, 'orders'],
    [`users/${'x'.repeat(90)}`, `There is no user with the id “${'x'.repeat(90)}”.`, 'users'],
    ['users/no-id', 'There is no user with the id “no-id”.', 'users'],
    [`users/${id}`, `There is no user with the id “${id}”.`, 'users'],
    ['catalog?category=999', 'There is no category with the id “999”.', 'catalog'],
    ['catalog?product=999', 'There is no product with the id “999”.', 'catalog'],
    ['stock?product=none', 'There is no product with the id “none”.', 'stock'],
    ['stock?product=999', 'There is no product with the id “999”.', 'stock'],
  ];
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`, { viewport: { width: 390, height: 800 } });
  for (const [address, says, leadsTo] of nothing) {
    await page.goto(`${shop.http.url}/console/${address}`);
    const told = page.getByRole('alert');
    await told.getByText(says, { exact: true }).waitFor(PATIENCE);
    t.equal(await told.getByRole('link').getAttribute('href'), `/console/${leadsTo}`, address);
    t.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0, address);
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, `${address}: no wider than the window`);
  }
  await page.goto(`${shop.http.url}/console/catalog?category=${cat_id}`);
  await page.getByText('No product is in this category.').waitFor(PATIENCE);
  t.same(faults, []);
});
