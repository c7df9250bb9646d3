/**
 * Everything that a server, a network and the client can do, in random order, under commands through the whole application.
 * A minute long; CHAOS_SECONDS makes it longer, and CHAOS_SEED repeats an order (not the moments).
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { OrderAnswer } from '../../../../src/order/answer.js';
import type { RecordedEvent } from '../../../../src/engine/core/message.js';
import { EventStoreDb } from '../../../../src/engine/log/eventstoredb/store.js';
import { BruteForce } from '../../../support/brute-force.js';
import { endTrouble, type Trouble, troubles } from '../../../support/chaos/faults.js';
import { footprint } from '../../../support/chaos/footprint.js';
import { Load } from '../../../support/chaos/load.js';
import { until } from '../../../support/orderlog.js';
import { dropReadModels, readModelRows } from '../../../support/read-model-rows.js';
import { type RunningApp, runningApp } from '../../../support/running-app.js';
import { seeded } from '../../../support/stand-in/faults.js';
import { standIn } from '../../../support/stand-in/stand-in.js';

const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 60);
const SEED = Number(process.env['CHAOS_SEED'] ?? randomInt(2 ** 31));
const PROGRESS_MS = 10_000;
const SHUTDOWN_MS = 5_000;
const WARM_AFTER = 10;
/** What the log in memory, the caches of its streams and the account of the callers take for one event, at most. */
const BYTES_AN_EVENT = 12 * 1024;
const SLACK_BYTES = 16 * 1024 * 1024;
/** Connections of this process to itself, to the database and to the log that may be open in one moment and not in another. */
const SLACK_HANDLES = 25;

void t.test(
  `on EventStoreDB: nothing acknowledged is lost or doubled in ${SECONDS} s of chaos (seed ${SEED})`,
  { timeout: (SECONDS + 180) * 1_000 },
  async (t) => {
    const random = seeded(SEED);
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note).on('uncaughtException', note);
    t.teardown(() => process.off('unhandledRejection', note).off('uncaughtException', note));
    const server = await standIn(t);
    const app = await runningApp(t, { store: new EventStoreDb(server.url) });
    const { user_id } = await app.registerUser();
    const load = new Load(app.http.url, user_id, random);
    await load.begin();

    const stop = new AbortController();
    const running = load.run(stop.signal);
    const calm = async (): Promise<Awaited<ReturnType<typeof footprint>> & { events: number }> => {
      await isCalm(app, server);
      return { ...(await footprint()), events: server.events.length };
    };
    let warm: Awaited<ReturnType<typeof calm>> | null = null;
    let slowest = { name: '', ms: 0 };
    const late: string[] = [];
    const begun = Date.now();
    let [done, open]: [number, Trouble[]] = [0, []];
    while (Date.now() - begun < SECONDS * 1_000 || done < troubles.length) {
      if (open.length === 0) open = shuffled(troubles, random);
      const trouble = open.pop() as Trouble;
      await trouble.bring(server, random);
      await endTrouble(server);
      const ms = await progress(app, load);
      if (ms > PROGRESS_MS) late.push(`${trouble.name}: ${ms} ms`);
      if (ms > slowest.ms) slowest = { name: trouble.name, ms };
      if (++done === WARM_AFTER) warm = await calm();
      await sleep(random() * 500);
    }
    stop.abort();
    await running;
    const cool = await calm();

    t.comment(`${done} faults, ${server.events.length} events, ${JSON.stringify(load.outcomes())}`);
    t.comment(`the slowest progress: ${slowest.ms} ms, after ${slowest.name}`);
    t.same(late, [], 'after each fault an order is placed and visible within 10 s');
    t.same(unhandled, [], 'nothing is thrown where nobody catches it');
    const strange = Object.keys(load.outcomes()).filter((one) => !/^(20\d|409 revision-conflict|503 .*)$/.test(one));
    t.same(strange, [], 'what can not be done now is answered with 503 and nothing else');

    const log: RecordedEvent[] = [];
    for await (const event of app.runtime.store.readAll({ filter: { streamPrefixes: [''] } })) log.push(event);
    t.same(
      load.faultsOf(log),
      [],
      'what was acknowledged is in the log once, what was refused not, the rest once at most',
    );
    const unknown = server.faults.happened.filter(
      ({ place, fault }) => place === 'append' && typeof fault === 'string',
    );
    t.ok(
      unknown.some(({ fault }) => fault === 'apply-and-drop'),
      'appends took effect of which no answer came',
    );
    await sameAsBruteForce(t, app, log);
    await sameAsProjectedAgain(t, app);

    if (!warm) throw new Error('too few faults');
    const growth = cool.memory - warm.memory;
    const allowed = SLACK_BYTES + (cool.events - warm.events) * BYTES_AN_EVENT;
    const [events, mega] = [cool.events - warm.events, 1024 * 1024];
    t.comment(
      `memory ${(warm.memory / mega).toFixed(1)} to ${(cool.memory / mega).toFixed(1)} MiB over ${events} events`,
    );
    t.comment(`handles ${JSON.stringify(warm.handles)} to ${JSON.stringify(cool.handles)}`);
    t.ok(growth < allowed, `memory does not grow but with the log: ${growth} of ${allowed} bytes`);
    for (const [kind, count] of Object.entries(cool.handles)) {
      t.ok(count <= (warm.handles[kind] ?? 0) + SLACK_HANDLES, `${kind}: ${warm.handles[kind] ?? 0}, then ${count}`);
    }

    server.freeze();
    const closing = Date.now();
    await app.close();
    t.ok(Date.now() - closing < SHUTDOWN_MS, `the end takes ${Date.now() - closing} ms, with a server that is frozen`);
    server.thaw();
  },
);

/** Places an order and waits until every read model has it. @returns milliseconds */
async function progress({ http }: RunningApp, load: Load): Promise<number> {
  const since = Date.now();
  const { data, headers } = await load.placeOrder();
  const { order_id, items } = data as OrderAnswer;
  const position = headers.get('log-position') ?? '';
  const wait = { 'min-log-position': position, prefer: 'wait=10' };
  const lists = [`/v1/users/${load.userId}/orders?limit=100`, '/v1/categories', '/v1/users', '/v1/products'];
  lists.push(`/v1/products?limit=1&cat_id=1`, `/v1/categories/1/order-counts`);
  await until(async () => {
    const answers = await Promise.all(lists.map((list) => http.get(list, wait)));
    if (answers.some(({ status }) => status !== 200)) return false;
    const [orders] = answers;
    return (orders?.data as OrderAnswer[]).some((order) => order.order_id === order_id && items.length > 0);
  }, 60_000);
  return Date.now() - since;
}

/** Connections that were thrown away are closed: one client is left for each subscription, and one for the rest. */
async function isCalm(app: RunningApp, server: { readonly connections: number }): Promise<void> {
  await until(() => server.connections <= app.runtime.projections.length + 1, 20_000);
}

async function sameAsBruteForce(t: Test, app: RunningApp, log: readonly RecordedEvent[]): Promise<void> {
  const { http, runtime } = app;
  http.position = runtime.tokens.encode(await runtime.store.head());
  const expected = new BruteForce();
  for (const event of log) expected.apply(event);
  t.same((await http.ok('GET', '/v1/categories')).data, expected.tree(), 'the tree is what its definition says');
  for (const category of expected.parents.keys()) {
    const { data } = await http.ok('GET', `/v1/categories/${category}/order-counts`);
    t.same(data, expected.orderCounts(category), `the orders of category ${category}`);
  }
}

async function sameAsProjectedAgain(t: Test, app: RunningApp): Promise<void> {
  const { http, runtime, database } = app;
  await app.stopProjectors();
  const lived = await readModelRows(database.pool);
  await dropReadModels(database.pool);
  app.startProjectors();
  http.position = runtime.tokens.encode(await runtime.store.head());
  await until(async () => {
    const lists = [
      '/v1/orders?limit=1',
      '/v1/categories',
      '/v1/users',
      '/v1/products',
      '/v1/categories/1/order-counts',
    ];
    const answers = await Promise.all(lists.map((list) => http.get(list)));
    return answers.every(({ status }) => status === 200);
  }, 60_000);
  await app.stopProjectors();
  t.same(await readModelRows(database.pool), lived, 'projected again: every row equal');
}

function shuffled<T>(things: readonly T[], random: () => number): T[] {
  return things
    .map((thing) => [random(), thing] as const)
    .sort(([a], [b]) => a - b)
    .map(([, thing]) => thing);
}
