import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { runningApp } from '../support/running-app.js';
import { event, METADATA } from '../support/unreadable.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 120_000 };

t.test('a rebuild is started by keyboard or by button, and readers get the new build', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  await shop.placeOrder(user_id, [product_id]);
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/read-models`);
  const row = page.locator('tr[data-model=user-orders]');
  const build = row.locator('td').nth(2);
  await row.waitFor(PATIENCE);
  t.equal(await build.innerText(), '1');
  await row.getByRole('button', { name: 'Rebuild' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor(PATIENCE);
  // The question is answered by the next Enter.
  await page.keyboard.press('Enter');
  await page.locator('[data-kind=rebuild][data-state=done]').waitFor(PATIENCE);
  await page.getByRole('row', { name: /user-orders 2 active/ }).waitFor(PATIENCE);
  await row.getByRole('button', { name: 'Roll back' }).click(PATIENCE);
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
  await page.locator('[data-kind=rollback][data-state=done]').waitFor(PATIENCE);
  await page.getByRole('row', { name: /user-orders 1 active/ }).waitFor(PATIENCE);
  t.equal(((await shop.http.ok('GET', '/v1/orders')).data as unknown[]).length, 1);
  t.same(faults, []);
});

t.test('a verification shows each value that differs', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id], { price: 500 });
  await shop.http.ok('GET', '/v1/products', { headers: { prefer: 'wait=30' } });
  const { pool } = shop.database;
  const changed = await pool.query('update rm_products_v1.products set price = 77 where product_id = $1', [product_id]);
  t.equal(changed.rowCount, 1);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/read-models`);
  await page.locator('tr[data-model=products]').getByRole('button', { name: 'Verify' }).click(PATIENCE);
  await page.getByRole('dialog').getByRole('button', { name: 'Verify' }).click();
  await page.getByText('found something').waitFor(PATIENCE);
  await page.getByRole('row', { name: /products\.products 1 price 77 500/ }).waitFor(PATIENCE);
  await page.locator('[data-verification^="a job"] [data-tone=bad]').waitFor(PATIENCE);
  await page.setViewportSize({ width: 390, height: 844 });
  const cut =
    '[...document.querySelectorAll(".job .table-frame")].map((frame) => frame.scrollWidth - frame.clientWidth).join(" ")';
  t.equal(await page.evaluate(cut), '0 0', 'nothing of a table is out of sight on a telephone');
  t.same(faults, []);
});

t.test('the last verification of the schedule is shown, and what is not known is named', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/`);
  const series = ['orderlog_verify_timestamp_seconds 1764000000', 'orderlog_verify_differences{model="users"} 0'];
  let body = series.join('\n');
  await page.route('**/metrics', (route) => route.fulfill({ contentType: 'text/plain', body }));
  await page.goto(`${shop.http.url}/console/read-models`);
  const shown = page.locator('[data-verification=schedule]');
  await shown.locator('[data-tone=good]').waitFor(PATIENCE);
  t.match(await shown.innerText(), /0 findings/);
  await page.getByText('It does not know').waitFor(PATIENCE);
  body = `${body}\norderlog_verify_findings{check="seals"} 2`;
  await page.reload();
  await shown.locator('[data-tone=bad]').waitFor(PATIENCE);
  t.match(await shown.innerText(), /2 findings/);
});

t.test('a read model that no process projects is shown in red', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/`);
  const row = page.getByRole('row', { name: /^users/ });
  await row.locator('.status[data-tone=good]', { hasText: 'running' }).waitFor(PATIENCE);
  await shop.stopProjectors();
  await row.locator('.status[data-tone=bad]', { hasText: 'idle' }).waitFor(PATIENCE);
  await shop.addCategory();
  const late = page.locator('.late');
  await late.waitFor(PATIENCE);
  t.match(await late.innerText(), /^What you see may be old\. .*category-tree is 1 event behind/);
});

t.test('a quarantined order says so, and its event is explained once and skipped', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const { order_id, number } = await shop.placeOrder(user_id, [product_id]);
  const { store, engine } = shop.runtime;
  const paid = { order_id, user_id, reference: null, paid_at: new Date().toISOString() };
  await store.append(`order-${order_id}`, [event('OrderPaid', paid, { ...METADATA, schema_version: 2 })], 0);
  await engine.catchUp(await store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/catalog?category=${cat_id}`);
  await page.getByText('These counts have 1 quarantined order').waitFor(PATIENCE);
  await page.goto(`${shop.http.url}/console/orders/${order_id}`);
  await page.getByText('This order is quarantined.').waitFor(PATIENCE);
  await page.getByRole('link', { name: 'See why' }).click();
  const card = page.locator('#quarantine');
  const waiting = card.locator('li.job');
  await waiting.getByText(`order ${number}`).waitFor(PATIENCE);
  // The reactor comes to the event after the read models.
  await waiting.getByText('order-stock').waitFor(PATIENCE);
  t.equal(await waiting.count(), 1, 'one event, in however many read models');
  t.match(await waiting.innerText(), /OrderPaid\s+of order O-.*Could not be applied: data\.reserved: is missing/s);
  t.match(await waiting.innerText(), /order-counts \(build 1\).*user-orders \(build 1\)/);
  await waiting.getByRole('button', { name: 'Skip' }).click();
  await page.getByLabel('Reason').fill('written by a test');
  const stream = `order-${order_id}`;
  const held = { revision: 1, type: 'OrderPaid', position: '1', error: 'the log does not have this event' };
  const left = { data: { skipped: [{ model: 'order-stock', version: null, stream, events: 0, held }] } };
  const route = '**/v1/ops/quarantine/skip';
  await page.route(route, (it) => it.fulfill({ contentType: 'application/json', body: JSON.stringify(left) }));
  await page.getByRole('button', { name: 'Skip the event' }).click();
  const refused = page.getByRole('dialog').getByRole('alert');
  await refused.getByText('The event is not skipped in order-stock: the log does not have').waitFor(PATIENCE);
  await page.unroute(route);
  await page.getByRole('button', { name: 'Skip the event' }).click();
  // The dialog stays if the event was skipped in some of them only.
  await page.getByText('The event is skipped.', { exact: true }).waitFor(PATIENCE);
  await card.getByText('Nothing is quarantined.').waitFor(PATIENCE);
  await page.goto(`${shop.http.url}/console/orders/${order_id}`);
  await page.locator('.timeline').waitFor(PATIENCE);
  t.equal(await page.getByText('This order is quarantined.').count(), 0);
  t.same(faults, []);
});
