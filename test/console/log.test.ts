import { randomUUID } from 'node:crypto';
import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { runningApp } from '../support/running-app.js';
import { event, METADATA } from '../support/unreadable.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

interface Logged {
  readonly event_id: string;
  readonly metadata: { readonly correlation_id: string };
}

t.test('an event leads to the events of its request, and to the one that caused it', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  const { data } = await shop.http.ok('GET', `/v1/log?stream=order-${order_id}`);
  const [placed] = data as readonly Logged[];
  const ids = { correlation_id: placed?.metadata.correlation_id ?? '', causation_id: placed?.event_id ?? '' };
  const paid = { order_id, user_id, reference: null, paid_at: new Date().toISOString() };
  await shop.runtime.store.append(`order-${order_id}`, [event('OrderPaid', paid, { ...METADATA, ...ids })], 0);
  await shop.placeOrder(user_id, [product_id]);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/log?types=OrderPaid`);
  const events = page.locator('.events > li');
  await events.filter({ hasText: 'OrderPaid' }).locator('summary').first().click(PATIENCE);
  await page.getByRole('link', { name: 'The event that caused it' }).click(PATIENCE);
  await page.waitForURL(/before=.*#/, PATIENCE);
  const cause = events.filter({ hasText: 'OrderPlaced' });
  await cause.getByText('"placed_at"').waitFor(PATIENCE);
  t.equal(await events.count(), 1, 'only what came before it');
  t.equal(await cause.getAttribute('id'), ids.causation_id);
  t.equal(
    await cause.getByRole('link', { name: 'The event that caused it' }).count(),
    0,
    'a command was the cause of this one',
  );
  await page.getByRole('button', { name: 'Show the newer ones too' }).click();
  await events.filter({ hasText: 'OrderPaid' }).waitFor(PATIENCE);
  t.equal(await events.count(), 2, 'all of the request, and nothing else');
  t.same(faults, []);
});

t.test('all events of a request are found from one of them, however long the log is', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 5 } });
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  const { data } = await shop.http.ok('GET', `/v1/log?stream=order-${order_id}`);
  const { metadata } = (data as readonly Logged[])[0] as Logged;
  const wanted = (await shop.http.ok('GET', `/v1/log?correlation_id=${metadata.correlation_id}`)).data;
  const positions = (wanted as readonly { position: string }[]).map(({ position }) => position);
  t.ok(positions.length > 1, 'a request of several events');
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  // As if there were no end of events behind them: a search from the end of the log finds nothing.
  await page.route(/v1\/log\?.*correlation_id=/, (route) => {
    const isFromTheEnd = !/[?&](before|after)=/.test(route.request().url());
    return isFromTheEnd ? route.fulfill({ json: { data: [], next: null } }) : route.continue();
  });
  for (const stream of [`order-${order_id}`, `stock-${product_id}`]) {
    await page.goto(`${shop.http.url}/console/log?stream=${stream}`);
    await page.locator('.events summary').first().click(PATIENCE);
    await page.getByRole('link', { name: 'All events of this request' }).click(PATIENCE);
    await page.getByText('These are the events of one request.').waitFor(PATIENCE);
    const shown = page.locator('.events > li');
    t.equal(await shown.count(), positions.length, `from ${stream}`);
    t.same(await shown.locator('summary strong').allInnerTexts(), ['OrderPlaced', 'StockReserved']);
  }
  await page.unroute(/v1\/log\?.*correlation_id=/);
  await page.getByRole('button', { name: 'Look through the whole log' }).click();
  await page.getByRole('heading', { name: 'Events, newest first' }).waitFor(PATIENCE);
  await page
    .locator('.events > li')
    .nth(positions.length - 1)
    .waitFor(PATIENCE);
  t.same(faults, []);
});

t.test('a search of the log goes on by itself through what does not fit', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  await shop.addCategory({ name: 'Shelf' });
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  let looked = 0;
  // As a long log answers: a page without events, and where to look next.
  await page.route(/v1\/log\?types=CategoryAdded/, async (route) => {
    const isTail = route.request().headers()['accept'] === 'text/event-stream';
    if (isTail || looked === 5) return route.continue();
    looked += 1;
    await route.fulfill({ json: { data: [], next: `/v1/log?types=CategoryAdded&limit=${100 - looked}` } });
  });
  await page.goto(`${shop.http.url}/console/log?types=CategoryAdded`);
  await page.locator('.events > li', { hasText: 'CategoryAdded' }).waitFor(PATIENCE);
  t.equal(looked, 5, 'nobody has pressed a button');
  t.same(faults, []);
});

t.test('more events at once than can be shown: the newest are, and the screen says so', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/log?types=OrderAbandoned`);
  await page.getByText('Live', { exact: true }).waitFor(PATIENCE);
  // The list below is read beside the tail: read later, it would hold the first event as well.
  await page.getByText('No event fits.').waitFor(PATIENCE);
  const append = (order_id: string): Promise<unknown> => {
    const data = { order_id, abandoned_at: new Date().toISOString() };
    return shop.runtime.store.append(`order-${order_id}`, [event('OrderAbandoned', data, METADATA)], 'none');
  };
  await append(randomUUID());
  const events = page.locator('.events > li');
  await events.first().waitFor(PATIENCE);
  const note = page.getByText('Events came faster than they can be shown');
  t.equal(await note.count(), 0);
  await Promise.all(Array.from({ length: 300 }, () => append(randomUUID())));
  const last = randomUUID();
  await append(last);
  await events.filter({ hasText: last }).waitFor(PATIENCE);
  await note.waitFor(PATIENCE);
  t.equal(await events.count(), 50);
  await page.getByRole('button', { name: 'Show in the list' }).click();
  await note.waitFor({ state: 'detached', ...PATIENCE });
  await events.filter({ hasText: last }).waitFor(PATIENCE);
  t.same(faults, []);
});
