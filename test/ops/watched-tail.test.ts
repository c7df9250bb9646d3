import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import type { Position } from '../../src/engine/index.js';
import { openStream, type OpenStream, type Received } from '../support/event-stream.js';
import { until } from '../support/orderlog.js';
import { type RunningApp, runningApp } from '../support/running-app.js';

interface Listed {
  readonly position: string;
}
interface Skipped {
  readonly after: string;
  readonly before: string;
}

const MOST = 5;

const recorded = ({ events }: OpenStream): string[] =>
  events.filter(({ event }) => event === 'recorded').map(({ data }) => (data as Listed).position);
const skipped = ({ events }: OpenStream): Received[] => events.filter(({ event }) => event === 'skipped');

void t.test(
  'who watches is sent the newest events, and told where the list has those that were left out',
  async (t) => {
    const shop = await runningApp(t, { projectors: false });
    const tail = await openStream(t, shop.http, `/v1/log?latest=${MOST}`);
    await until(() => tail.lastId() !== null);
    const begin = tail.lastId() ?? '';
    // The first one waits for nothing, so the others are sure to come together.
    await append(shop);
    await tail.count(1);
    await append(shop, 300);
    const last = await append(shop);
    await until(() => recorded(tail).includes(last));

    const shown = recorded(tail).length;
    t.ok(shown <= 4 * MOST, `${shown} events were sent`);
    await eachOnce(t, shop, tail, begin);
  },
);

void t.test('what comes while the past is read for who watches again is sent or named, and not twice', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  await append(shop);
  const begin = (await listed(shop, '')).at(-1) ?? '';
  await append(shop, 20);
  const { store } = shop.runtime;
  const readBack = store.readBack.bind(store);
  store.readBack = async (options) => {
    store.readBack = readBack;
    await append(shop, 20);
    return readBack(options);
  };
  const tail = await openStream(t, shop.http, `/v1/log?latest=${MOST}`, { 'last-event-id': begin });
  await until(() => tail.lastId() !== null);
  const last = await append(shop);
  await until(() => recorded(tail).includes(last));
  await eachOnce(t, shop, tail, begin);
});

void t.test('events that come slowly are all sent to who watches, each within a second of the whole log', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const tail = await openStream(t, shop.http, `/v1/log?latest=${MOST}`);
  // It is sent each event as it comes, so what a slow machine takes is not counted.
  const whole = await openStream(t, shop.http, '/v1/log');
  await until(() => tail.lastId() !== null && whole.lastId() !== null);
  for (let n = 1; n <= 4; n += 1) {
    const position = await append(shop);
    await until(() => recorded(whole).includes(position));
    const begun = performance.now();
    await until(() => recorded(tail).includes(position));
    t.ok(performance.now() - begun < 1_000, `${Math.round(performance.now() - begun)} ms after the whole log`);
  }
  t.same(skipped(tail), []);
});

void t.test('who watches again after a long time is sent the newest events, and the others are not read', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  await append(shop);
  const begin = (await listed(shop, '')).at(-1) ?? '';
  await append(shop, 600);
  const { handler } = shop.runtime;
  let opened = 0;
  const history = handler.history.bind(handler);
  handler.history = (...args) => {
    opened += 1;
    return history(...args);
  };
  const tail = await openStream(t, shop.http, `/v1/log?latest=${MOST}`, { 'last-event-id': begin });
  await until(() => recorded(tail).length === MOST);
  t.equal(opened, MOST);
  const all = await listed(shop, '');
  t.same(recorded(tail), all.slice(-MOST));
  t.match(skipped(tail), [{ data: { after: begin, before: all.at(-MOST) } }]);
  t.equal(tail.lastId(), all.at(-1));
  const next = await append(shop);
  await until(() => recorded(tail).length > MOST);
  t.equal(recorded(tail).at(-1), next);
});

void t.test('who watches one stream is told of nothing else', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const stream = `order-${randomUUID()}`;
  const tail = await openStream(t, shop.http, `/v1/log?latest=${MOST}&stream=${stream}`);
  await until(() => tail.lastId() !== null);
  await append(shop, 50);
  const own = await append(shop, 1, stream);
  await until(() => recorded(tail).length > 0);
  t.same([recorded(tail), skipped(tail)], [[own], []]);
});

void t.test('the number of events to watch is from 1 to 500', async (t) => {
  const { http } = await runningApp(t, { projectors: false });
  for (const latest of ['0', '501', 'all', '1.5', '']) {
    const answer = await fetch(`${http.url}/v1/log?latest=${latest}`, { headers: { accept: 'text/event-stream' } });
    t.equal(answer.status, 400, latest);
    t.match(await answer.json(), {
      errors: [{ path: 'query.latest', message: 'is not a whole number from 1 to 500' }],
    });
  }
});

/** Each event from there on was sent or named as left out, and none was both. */
async function eachOnce(t: Test, shop: RunningApp, tail: OpenStream, begin: string): Promise<void> {
  const all = await listed(shop, `&after=${begin}`);
  const shown = recorded(tail);
  t.same(
    shown,
    all.filter((position) => shown.includes(position)),
    'each once, in the order of the log',
  );
  const gaps = await Promise.all(
    skipped(tail).map(({ id, data }) => {
      t.equal(id, null, 'it is no place to resume behind');
      const { after, before } = data as Skipped;
      return listed(shop, `&after=${after}&before=${before}`);
    }),
  );
  t.same([...shown, ...gaps.flat()].sort(), [...all].sort(), 'each is sent or named as left out, and none is both');
}

/** Positions, oldest first. */
async function listed({ http }: RunningApp, query: string): Promise<string[]> {
  const found: string[] = [];
  let path: string | null = `/v1/log?limit=100${query}`;
  while (path !== null) {
    const { body } = await http.ok('GET', path);
    const { data, next } = body as { data: Listed[]; next: string | null };
    found.push(...data.map(({ position }) => position));
    path = next;
  }
  return found.reverse();
}

/** Events that no release knows. @returns the position of the last */
async function append({ runtime }: RunningApp, count = 1, stream?: string): Promise<string> {
  const appended = await Promise.all(
    Array.from({ length: count }, () => {
      const event = { id: randomUUID(), type: 'Unheard', data: {}, metadata: {} };
      return runtime.store.append(stream ?? `order-${randomUUID()}`, [event], 'none');
    }),
  );
  const positions = appended.map(({ position }) => position).sort();
  return runtime.tokens.encode(positions.at(-1) as Position);
}
