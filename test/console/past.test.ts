import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

/** As the API answers while it makes an as-of build. The client does not wait that long by itself. */
const BEING_MADE = {
  status: 503,
  headers: { 'content-type': 'application/problem+json', 'retry-after': '60' },
  json: {
    ...{ type: '/problems/read-model-behind', code: 'read-model-behind', title: 'Behind', status: 503 },
    ...{ detail: 'The read model category-tree as it was then is being made.', request_id: 'request-1' },
  },
};

t.test(
  'a moment of the past that is being made is waited for, beside what was shown before',
  needsBrowser,
  async (t) => {
    const shop = await runningApp(t, { console: await builtConsole() });
    const { cat_id } = await shop.addCategory({ name: 'Shelf' });
    const { cat_id: below } = await shop.addCategory({ name: 'Board', parent_cat_id: cat_id });
    await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
    // The field has whole seconds.
    const then = new Date(Math.ceil(Date.now() / 1_000) * 1_000).toISOString();
    await until(() => Promise.resolve(Date.now() > Date.parse(then)));
    await shop.addProduct([below]);
    await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
    const open = await openBrowser(t);
    const { page, faults } = await open(`${shop.http.url}/console/catalog?category=${cat_id}`);
    let isMade = false;
    await page.route(/as_of=/, (route) => (isMade ? route.continue() : route.fulfill(BEING_MADE)));
    const rows = page.locator('.tree-row');
    await rows.first().waitFor(PATIENCE);
    await page.getByRole('button', { name: 'Close all' }).click();
    t.equal(await rows.count(), 1);
    const time = page.getByLabel('Exact time');
    const local = `new Date(Date.parse('${then}') - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 19)`;
    await time.fill(await page.evaluate<string>(local));
    await page.waitForURL(/as_of=/, PATIENCE);
    await page.getByText('is being made. This page asks again until it is there.').first().waitFor(PATIENCE);
    t.equal(await page.getByRole('alert').count(), 0, 'it is no fault');
    t.equal(await page.locator('[aria-busy=true] .tree-row').count(), 1, 'the tree of now stays');
    await page.getByRole('heading', { name: 'Categories', exact: true }).waitFor(PATIENCE);
    isMade = true;
    await page.getByRole('heading', { name: 'Categories, then against now' }).waitFor(PATIENCE);
    await page
      .getByText('is being made')
      .first()
      .waitFor({ state: 'detached', ...PATIENCE });
    t.equal(await rows.count(), 1, 'what was closed stays closed');
    t.notSame(await time.inputValue(), '', 'the field has the moment that is shown');
    t.same(faults, []);
  },
);

t.test('a product that is chosen is in sight on a telephone', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  for (let at = 0; at < 20; at += 1) await shop.addCategory({ name: `Shelf ${at}` });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id], { name: 'Lamp' });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/`, { viewport: { width: 390, height: 844 } });
  await page.getByRole('combobox').fill('Lamp');
  await page.getByRole('option', { name: 'Lamp' }).locator('a').click(PATIENCE);
  await page.waitForURL(new RegExp(`product=${product_id}`), PATIENCE);
  const heading = page.getByRole('heading', { name: 'Lamp' });
  await heading.waitFor(PATIENCE);
  await page.locator('.tree-row').first().waitFor(PATIENCE);
  const { y, height } = (await heading.boundingBox()) ?? { y: -1, height: 0 };
  t.ok(y >= 0 && y + height <= 844, `its name is at ${y}`);
});
