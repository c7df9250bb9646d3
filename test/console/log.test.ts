import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page, Route } from 'playwright-core';
import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { type RunningApp, runningApp } from '../support/running-app.js';
import { event, METADATA } from '../support/unreadable.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

/** Appends an event to a stream of its own. */
async function abandon(shop: RunningApp): Promise<string> {
  const order_id = randomUUID();
  const data = { order_id, abandoned_at: new Date().toISOString() };
  await shop.runtime.store.append(`order-${order_id}`, [event('OrderAbandoned', data, METADATA)], 'none');
  return `order-${order_id}`;
}

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
    await page.getByText('The list covers the part of the log around one event.').waitFor(PATIENCE);
    const shown = page.locator('.events > li');
    t.equal(await shown.count(), positions.length, `from ${stream}`);
    t.same(await shown.locator('summary strong').allInnerTexts(), ['OrderPlaced', 'StockReserved']);
  }
  await page.unroute(/v1\/log\?.*correlation_id=/);
  // A reactor comes to it much later, behind what the log's tail was read for.
  const late = { order_id, user_id, reference: null, paid_at: new Date().toISOString() };
  const ids = { correlation_id: metadata.correlation_id };
  await shop.runtime.store.append(`order-${order_id}`, [event('OrderPaid', late, { ...METADATA, ...ids })], 0);
  await page.getByText('for example by a reactor, can be missing.').waitFor(PATIENCE);
  // As a long log answers: a page without events first, and where to look next.
  let pages = 0;
  await page.route(/v1\/log\?.*after=.*correlation_id=/, async (route) => {
    const next = new URL(route.request().url());
    next.searchParams.set('limit', '99');
    pages += 1;
    return pages === 1 ? route.fulfill({ json: { data: [], next: next.pathname + next.search } }) : route.continue();
  });
  await page.getByRole('button', { name: 'Look for later events' }).click();
  await page.getByText('The list has all later events of this request').waitFor(PATIENCE);
  const found = page.locator('.events > li summary strong');
  t.same(await found.allInnerTexts(), ['OrderPaid', 'OrderPlaced', 'StockReserved']);
  t.equal(pages, 2);
  await page.getByRole('button', { name: 'Look through the whole log' }).click();
  await page.getByRole('heading', { name: 'Events, newest first' }).waitFor(PATIENCE);
  await page.locator('.events > li').nth(positions.length).waitFor(PATIENCE);
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
  await abandon(shop);
  const events = page.locator('.events > li');
  await events.first().waitFor(PATIENCE);
  const note = page.getByText('More events came than can be shown here');
  t.equal(await note.count(), 0);
  await Promise.all(Array.from({ length: 300 }, () => abandon(shop)));
  const last = await abandon(shop);
  await events.filter({ hasText: last }).waitFor(PATIENCE);
  await note.waitFor(PATIENCE);
  t.equal(await events.count(), 50);
  await page.getByRole('button', { name: 'Show in the list' }).click();
  await note.waitFor({ state: 'detached', ...PATIENCE });
  await events.filter({ hasText: last }).waitFor(PATIENCE);
  t.same(faults, []);
});

/** Decides when each request for the log reaches the server and when its answer arrives. */
async function steer(page: Page, list: (route: Route) => Promise<void>, tail: (route: Route) => Promise<void>) {
  await page.route(/v1\/log\?/, (route) =>
    (route.request().headers()['accept'] === 'text/event-stream' ? tail : list)(route),
  );
}

const answered = async (route: Route): Promise<void> => route.fulfill({ response: await route.fetch() });

t.test('no event of the log stands twice or is left out, whenever it arrives', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/users`);
  const streams = page.locator('.events button.mono');
  const isExact = async (when: string): Promise<void> => {
    await page.getByText('Live', { exact: true }).waitFor(PATIENCE);
    // Behind everything that is on its way.
    await streams.getByText(await abandon(shop)).waitFor(PATIENCE);
    const { data } = await shop.http.ok('GET', '/v1/log?types=OrderAbandoned&limit=100');
    const expected = (data as readonly { stream: string }[]).map(({ stream }) => stream);
    t.same(await streams.allInnerTexts(), expected, when);
  };
  const show = () => page.goto(`${shop.http.url}/console/log?types=OrderAbandoned`);
  await abandon(shop);

  // The tail is open long before the list is read, if it does not wait for the list.
  const beforeTheList = async (route: Route): Promise<void> => {
    await sleep(1_000);
    await abandon(shop);
    await sleep(1_000);
    await route.continue();
  };
  await steer(page, beforeTheList, (route) => route.continue());
  await show();
  await isExact('appended before the list is read');

  // The list is there long before the tail is open.
  await page.unroute(/v1\/log\?/);
  const betweenBoth = async (route: Route): Promise<void> => {
    await sleep(1_000);
    await abandon(shop);
    await route.continue();
  };
  await steer(page, answered, betweenBoth);
  await show();
  await isExact('appended between the list and the tail');

  await page.unroute(/v1\/log\?/);
  await steer(page, beforeTheList, (route) => route.continue());
  await page.getByRole('button', { name: 'Show in the list' }).click();
  await page.getByText('Just appended').waitFor({ state: 'detached', ...PATIENCE });
  await isExact('appended while the list is read again');

  await page.getByRole('button', { name: 'Pause' }).click();
  await abandon(shop);
  await page.getByRole('button', { name: 'Resume' }).click();
  await isExact('appended in a pause');
  t.same(faults, []);
});

t.test('the last events of the overview leave out none that comes while they are read', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/users`);
  const appended: string[] = [];
  await steer(page, answered, async (route) => {
    await sleep(1_000);
    appended.unshift(await abandon(shop));
    await route.continue();
  });
  await page.goto(`${shop.http.url}/console/`);
  const streams = page.locator('td.mono.line a');
  await page.getByText('Live', { exact: true }).waitFor(PATIENCE);
  appended.unshift(await abandon(shop));
  await streams.getByText(appended[0] ?? '').waitFor(PATIENCE);
  t.same((await streams.allInnerTexts()).slice(0, appended.length), appended);
  t.same(faults, []);
});
