/** One size of the log: what is done to it, and what is asked of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendCatalog, appendOrders, BLOCK, type BulkLog, payOld, withoutIndexes, withoutKeys } from './bulk-log.js';
import { announce, type Installation, projecting, withInstallation } from './installation.js';
import { type Ran, runWatched } from './peak.js';
import { openLoad, run, serve } from './processes.js';
import { step } from './progress.js';
import { ordersOf } from './rates.js';
import { type Buyers, PRODUCTS, readings, registerBuyers, SOLD } from './scale-reads.js';
import { median } from './statistics.js';
import { rounded, type Timed } from './timed-reads.js';

/** Of a command; its time without what it takes on an empty log, which is the start of the process above all. */
interface CommandFigures extends Pick<Ran, 'seconds' | 'peak_mb'> {
  readonly empty_seconds: number;
  readonly us_per_event: number;
}

/** Members are there as soon as they are measured. */
export interface SizeFigures {
  readonly events: number;
  readonly orders: number;
  readonly written_seconds: number;
  readonly database_mb?: number;
  /** The log is written past the servers that seal it: what that takes belongs to no figure below. */
  readonly seal?: CommandFigures;
  readonly rebuild?: CommandFigures;
  /** Null for a log that is too long to wait for. */
  readonly verify?: CommandFigures | null;
  readonly reads?: Readonly<Record<string, Timed>>;
  readonly event_by_event?: { readonly us_per_event: number };
  readonly placing?: {
    /** Of a closed loop. */
    readonly per_second: number;
    readonly us_per_order: number;
    /** Of an open loop at half of that rate. */
    readonly open_rate: number;
    readonly p50: number;
    readonly p99: number;
  };
}

export type KeepSize = (figures: SizeFigures) => void;

const CATALOG = { categories: 780, width: 5, products: PRODUCTS };
/** Of each tail: new orders with what becomes of them, and payments of orders from all over the log. */
const TAIL = { blocks: 158, old: 156 };
/** The first is to warm up. */
const TAILS = 4;
const ROUNDS = 3;
const CONNECTIONS = 16;
const BUYERS = 20;
const MOST_VERIFIED = 2_000_000;

export function measureSize(events: number, quick: boolean, keep: KeepSize): Promise<void> {
  return withInstallation(async (fresh) => {
    // A rebuild of a log that was written past the projectors leaves a standby that is as far behind as the log is long: to bring it
    // to the head would take part of every figure below.
    const installation = { ...fresh, settings: { ...fresh.settings, KEEP_BUILD_SECONDS: '0' } };
    const { pool } = installation;
    const empty = {
      seal: await command(installation, 'seal'),
      rebuild: await command(installation, 'rebuild'),
      verify: await command(installation, 'verify'),
    };
    const log: BulkLog = { ...CATALOG, users: Math.max(100, Math.round(events / 100)) };
    let figures = await step(`writing a log of ${events} events`, (tell) => writeLog(installation, log, events, tell));
    const { blocks } = figures;
    const add = (more: Partial<SizeFigures>): void => {
      figures = { ...figures, ...more };
      const { blocks: _, ...kept } = figures;
      keep(kept);
    };
    add({ seal: perEvent(await command(installation, 'seal'), empty.seal, figures.events) });
    const rebuild = perEvent(await command(installation, 'rebuild'), empty.rebuild, figures.events);
    const { rows } = await pool.query<{ mb: number }>(
      'select (pg_database_size(current_database()) / 1024 / 1024)::integer as mb',
    );
    add({ rebuild, database_mb: rows[0]?.mb ?? 0 });
    const isVerified = figures.events <= MOST_VERIFIED;
    const verify = isVerified ? await command(installation, 'verify') : null;
    add({ verify: verify && perEvent(verify, empty.verify, figures.events) });
    add({ reads: await step('reads', (tell) => readings(installation, blocks, quick, tell)) });
    add({ event_by_event: await step('events one by one', () => tails(installation, log, blocks)) });
    add({ placing: await step('placing orders', () => placing(installation, quick)) });
  });
}

type Written = SizeFigures & { readonly blocks: number };

async function writeLog(
  { pool }: Installation,
  log: BulkLog,
  events: number,
  tell: (text: string) => void,
): Promise<Written> {
  const begun = performance.now();
  let written = 0;
  let blocks = 0;
  await withoutIndexes(
    pool,
    async () => {
      written = await appendCatalog(pool, log, tell);
      blocks = Math.floor((events - written) / BLOCK);
      written += await appendOrders(pool, log, 0, blocks, tell);
    },
    tell,
  );
  await pool.query(`insert into orderlog.id_sequences (name, last) values ('order', $1)`, [written]);
  await withoutKeys(pool);
  const written_seconds = rounded((performance.now() - begun) / 1_000);
  return { events: written, orders: blocks * 10, written_seconds, blocks };
}

function command({ settings }: Installation, name: 'rebuild' | 'seal' | 'verify'): Promise<Ran> {
  return step(`orderlog ${name}`, (tell) => runWatched(settings, [name], tell));
}

function perEvent({ seconds, peak_mb }: Ran, empty: Ran, events: number): CommandFigures {
  const us_per_event = rounded(Math.max(0, (seconds - empty.seconds) * 1e6) / events);
  return { seconds, peak_mb, empty_seconds: empty.seconds, us_per_event };
}

/** Applied by the projectors as it comes. */
function tails(installation: Installation, log: BulkLog, blocks: number): Promise<{ us_per_event: number }> {
  const { pool } = installation;
  return projecting(installation, async ({ reachHead }) => {
    await reachHead();
    const took: number[] = [];
    for (let nth = 0; nth < TAILS; nth++) {
      const events = (await appendOrders(pool, log, blocks + nth * TAIL.blocks, TAIL.blocks)) + TAIL.old;
      await payOld(pool, log, blocks, { nth, of: TAILS, count: TAIL.old });
      await announce(pool, events);
      const ms = await reachHead();
      if (nth > 0) took.push((ms * 1_000) / events);
    }
    return { us_per_event: rounded(median(took)) };
  });
}

/** Over HTTP, while the read models follow. */
async function placing(
  { settings, folder }: Installation,
  quick: boolean,
): Promise<NonNullable<SizeFigures['placing']>> {
  const served = await serve(settings);
  const { url } = served;
  const buyers: Buyers = { users: await registerBuyers(url, BUYERS), products: SOLD, orders: [] };
  const poolFile = join(folder, 'pool.json');
  writeFileSync(poolFile, JSON.stringify(buyers));
  const place = async (): Promise<number> => {
    const load = { kind: 'place', url, connections: CONNECTIONS, poolFile, seconds: quick ? 1 : 4 } as const;
    const { failed, perSecond } = await run(load);
    if (failed > 0) throw new Error(`${failed} orders were not placed`);
    return perSecond;
  };
  await place();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await place());
  const per_second = median(rounds);
  const open_rate = Math.max(1, Math.floor(per_second / 2));
  const times = await openLoad({
    ...{ url, rate: open_rate, seconds: quick ? 1 : 10, connections: CONNECTIONS },
    requests: ordersOf(buyers, 3),
  });
  await served.stop();
  return {
    ...{ per_second: Math.round(per_second), us_per_order: rounded(1e6 / per_second), open_rate },
    ...{ p50: rounded(times.p50), p99: rounded(times.p99) },
  };
}
