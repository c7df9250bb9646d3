import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import t from 'tap';
import type { NewEvent } from '../../src/engine/core/message.js';
import { builtConsole, launchBrowser, needsBrowser, processesOf } from '../support/browser.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';
import { METADATA } from '../support/unreadable.js';

const PATIENCE = { timeout: 60_000 };
const LINES = 300;
const EVENTS = 50;
/** What the browser and the system keep of a connection ends before that: some megabytes on each side. */
const MOST_ROUNDS = 60;
const STUCK_MS = 500;
/** What one connection may hold of what was not taken: some events, however many come. */
const BOUND = 500_000;

t.test('a frozen tab costs the server no memory, and is served when it thaws', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole(), projectors: false });
  const sockets = new Set<Socket>();
  shop.app.server.on('connection', (socket) => void sockets.add(socket));
  const unsent = (): number => [...sockets].reduce((sum, { writableLength }) => sum + writableLength, 0);
  const { store } = shop.runtime.handler;
  const place = async (count: number): Promise<string> => {
    const stream = `order-${randomUUID()}`;
    await store.append(
      stream,
      Array.from({ length: count }, () => longOrder(stream.slice('order-'.length))),
      'none',
    );
    return stream;
  };

  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${shop.http.url}/console/log?types=OrderPlaced`);
  await page.getByText('Live', { exact: true }).waitFor(PATIENCE);

  const renderers = await processesOf(browser, 'renderer');
  t.ok(renderers.length > 0, 'the browser has processes that draw');
  const tell = (signal: NodeJS.Signals): void => renderers.forEach((pid) => process.kill(pid, signal));
  tell('SIGSTOP');
  t.teardown(() => tell('SIGCONT'));
  let most = 0;
  const sampling = setInterval(() => (most = Math.max(most, unsent())), 5);
  t.teardown(() => clearInterval(sampling));
  let rounds = 0;
  const isHeldBack = async (): Promise<boolean> => {
    const end = performance.now() + STUCK_MS;
    while (performance.now() < end) {
      if (unsent() === 0) return false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return true;
  };
  while (!(await isHeldBack()) && rounds < MOST_ROUNDS) {
    await place(EVENTS);
    rounds += 1;
  }
  t.ok(rounds < MOST_ROUNDS, `the tab takes nothing more, after ${rounds} times ${EVENTS} events`);
  for (let more = 0; more < 5; more += 1) await place(EVENTS);
  const last = await place(1);
  t.ok(most < BOUND, `at most ${most} bytes wait in the process, the others in the log`);

  tell('SIGCONT');
  await page.locator('section', { hasText: 'Just appended' }).getByText(last).waitFor(PATIENCE);
  await until(() => Promise.resolve(unsent() === 0));
});

/** Some 40 kB. */
function longOrder(order_id: string): NewEvent {
  const line = {
    product_id: 1,
    sku: 'SKU-1',
    name: 'A thing with a long name '.repeat(3),
    quantity: 1,
    unit_price: 100,
  };
  const items = Array.from({ length: LINES }, (_, at) => ({ line: at + 1, ...line }));
  const data = {
    order_id,
    user_id: randomUUID(),
    currency: 'EUR',
    items,
    total: LINES * 100,
    placed_at: new Date().toISOString(),
  };
  return { id: randomUUID(), type: 'OrderPlaced', data, metadata: METADATA };
}
