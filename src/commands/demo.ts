/** `orderlog demo`: made-up people and orders, through the commands of the interface. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { bounds, type Engine, type EventStore, print, type Progress } from '../engine/index.js';
import { orderOf, personOf, type Sold, specimenPdf } from './demo-people.js';
import { type CommandResult, jsonOption, secondsSince, WrongUse } from './output.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';

/** Who the events of the demo name as their actor. */
export const DEMO_ACTOR = { kind: 'admin', id: 'orderlog-demo' } as const;

export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly key?: string;
  readonly json?: object;
  readonly form?: FormData;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** The interface in this process: nobody else reaches it. */
export interface Api {
  send(request: ApiRequest): Promise<ApiAnswer>;
  close(): Promise<void>;
}

export interface DemoDeps {
  readonly engine: Pick<Engine, 'startProjectors' | 'catchUp'>;
  readonly store: EventStore;
}

export interface DemoOptions {
  readonly users: number;
  readonly orders: number;
  readonly seed: number;
  readonly yes?: boolean;
}

const IN_FLIGHT = 8;
const CATCH_UP_MS = 30_000;
const TRIES = 20;
/** Products that orders are chosen from. */
const MOST_PRODUCTS = 5_000;

export function addDemo<Deps extends DemoDeps>(
  program: Command,
  run: Run<Deps>,
  openApi: (deps: Deps) => Promise<Api>,
): void {
  program
    .command('demo')
    .description('make up people and orders on the products of the catalog; the same again for the same seed')
    .option('--users <n>', 'how many people', numberUpTo(10_000), 50)
    .option('--orders <n>', 'how many orders', numberUpTo(1_000_000), 500)
    .option('--seed <n>', 'another number makes up other people and orders', numberUpTo(1_000_000), 1)
    .option('--yes', 'run even if the log holds users that this command did not make')
    .addOption(jsonOption)
    .action(({ json = false, ...options }: DemoOptions & { json?: boolean }) =>
      run(json, { migrate: true }, async (deps, signal) => {
        const api = await openApi(deps);
        try {
          return await demo(deps, api, options, showProgress(), signal);
        } finally {
          await api.close();
        }
      }),
    );
}

interface Tally {
  made: number;
  /** Made by an earlier run. */
  known: number;
  /** By a rule: an address that is taken, stock that is out. */
  refused: number;
}

/** @throws WrongUse without a catalog, and where users of others are in the log */
async function demo(
  { engine, store }: DemoDeps,
  api: Api,
  { users: people, orders, seed, yes = false }: DemoOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<CommandResult> {
  const begun = performance.now();
  if (!yes && (await holdsOtherUsers(store, signal))) throw new WrongUse(OTHERS);
  // Where serve projects the read models already, these wait.
  const projectors = engine.startProjectors();
  try {
    await engine.catchUp(await store.head(), CATCH_UP_MS);
    const products = await productsOf(api);
    if (products.length === 0) throw new WrongUse(NO_CATALOG);
    const users: Tally = { made: 0, known: 0, refused: 0 };
    const ids: (string | null)[] = [];
    const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
    progress.start('people', people);
    await bounds.forEachInFlight(numbers(people), IN_FLIGHT, async (i) => {
      signal.throwIfAborted();
      ids[i] = (await register(api, seed, i, users))?.user_id ?? null;
      progress.advance();
    });
    const placed: Tally = { made: 0, known: 0, refused: 0 };
    const statuses: Record<string, number> = { placed: 0, paid: 0, cancelled: 0 };
    progress.start('orders', orders);
    await bounds.forEachInFlight(numbers(people > 0 ? orders : 0), IN_FLIGHT, async (i) => {
      signal.throwIfAborted();
      const status = await order(api, seed, i, ids, products, placed);
      if (status !== null) statuses[status] = (statuses[status] ?? 0) + 1;
      progress.advance();
    });
    progress.stop();
    await engine.catchUp(await store.head(), CATCH_UP_MS);
    const seconds = secondsSince(begun);
    return {
      document: { seed, users, orders: { ...placed, ...statuses }, seconds },
      text: told(users, placed, statuses),
      exitCode: 0,
    };
  } finally {
    progress.stop();
    await projectors.stop();
  }
}

const OTHERS =
  'the log holds users that orderlog demo did not make, and events can not be removed: made-up people would stay among them. ' +
  'Use another installation, or add --yes';
const NO_CATALOG =
  'there is no product to order: load a catalog first, with SEED=seed/demo orderlog migrate into an empty log, or with orderlog import';

export async function holdsOtherUsers(store: EventStore, signal: AbortSignal): Promise<boolean> {
  const filter = { streamPrefixes: ['user-'], types: ['UserRegistered'] };
  for await (const { metadata } of store.readAll({ filter, signal })) {
    if (actorIdOf(metadata) !== DEMO_ACTOR.id) return true;
  }
  return false;
}

/** Others may have written metadata that are no object. */
function actorIdOf(metadata: unknown): unknown {
  return (metadata as { readonly actor?: { readonly id?: unknown } | null } | null)?.actor?.id;
}

async function productsOf(api: Api): Promise<Sold[]> {
  const products: Sold[] = [];
  let path: string | null = '/v1/products?limit=100';
  while (path !== null && products.length < MOST_PRODUCTS) {
    const { status, body } = await api.send({ method: 'GET', path });
    const page = body as { readonly data: readonly Sold[]; readonly next: string | null };
    if (status !== 200) throw new Error(`the products can not be read: ${JSON.stringify(body)}`);
    products.push(...page.data);
    path = page.next;
  }
  return products;
}

async function register(api: Api, seed: number, i: number, tally: Tally): Promise<{ readonly user_id: string } | null> {
  const person = personOf(seed, i);
  const form = new FormData();
  form.set('name', person.name);
  form.set('email', person.email);
  form.set('id_proof', new Blob([new Uint8Array(specimenPdf(person))], { type: 'application/pdf' }), 'specimen.pdf');
  return (await command(api, { method: 'POST', path: '/v1/users', key: `demo-${seed}-person-${i}`, form }, tally)) as {
    readonly user_id: string;
  } | null;
}

/** @returns the status that the order has in the end, null if there is none */
async function order(
  api: Api,
  seed: number,
  i: number,
  ids: readonly (string | null)[],
  products: readonly Sold[],
  tally: Tally,
): Promise<string | null> {
  const { person, items, end } = orderOf(seed, i, ids.length, products);
  const user_id = ids[person] ?? null;
  if (user_id === null) {
    tally.refused += 1;
    return null;
  }
  const key = `demo-${seed}-order-${i}`;
  const placing = { method: 'POST', path: '/v1/orders', key, json: { user_id, items } } as const;
  const placed = (await command(api, placing, tally)) as { readonly order_id: string; readonly status: string } | null;
  if (!placed || !end) return placed && placed.status;
  const path = `/v1/orders/${placed.order_id}/${end.action}`;
  const ending = { method: 'POST', path, key: `${key}-end`, json: end.body } as const;
  const ended = (await command(api, ending, null)) as { readonly status: string } | null;
  return ended ? ended.status : placed.status;
}

/** Null: a rule refuses it, or an earlier run has sent another request under the key, on another catalog. */
async function command(api: Api, request: ApiRequest, tally: Tally | null): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const { status, headers, body } = await api.send(request);
    const isReplayed = headers['idempotency-replayed'] !== undefined;
    if (status < 300) {
      if (tally) tally[isReplayed ? 'known' : 'made'] += 1;
      return (body as { readonly data: unknown }).data;
    }
    const { code, detail } = body as { readonly code: string; readonly detail: string };
    const isBusy = status === 503 || status === 429 || code === 'idempotency-in-flight' || code === 'revision-conflict';
    if (isBusy && attempt < TRIES) {
      await sleep(1_000 * Math.min(5, Number(headers['retry-after'] ?? 1)));
      continue;
    }
    if (status !== 409 && status !== 422)
      throw new Error(`${request.method} ${request.path}: ${status} ${code}: ${detail}`);
    if (tally) tally.refused += 1;
    return null;
  }
}

function told(users: Tally, orders: Tally, statuses: Readonly<Record<string, number>>): string {
  const of = ({ made, known, refused }: Tally): string =>
    [
      `${made} made`,
      ...(known > 0 ? [`${known} were there`] : []),
      ...(refused > 0 ? [`${refused} refused`] : []),
    ].join(', ');
  const ended = Object.entries(statuses).map(([status, count]) => `${count} ${status}`);
  return print.lines([
    `people   ${of(users)} (addresses under example.com, each with a specimen as proof of identity)`,
    `orders   ${of(orders)} (${ended.join(', ')})`,
  ]);
}

function numberUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number <= most) return number;
    throw new InvalidArgumentError(`It is a whole number from 0 to ${most}.`);
  };
}
