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
