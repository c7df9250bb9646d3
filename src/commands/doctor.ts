/** `orderlog doctor`: checks what an installation stands on, and says what to do about each finding. */
import { statfs } from 'node:fs/promises';
import type { Command } from 'commander';
import type pg from 'pg';
import type { ApiKeys } from '../access/api-keys.js';
import type { AccessConfig } from '../access/config.js';
import { isRotating } from '../crypto/master-key.js';
import { type Engine, errors, type EventStore, eventStoreDb, print } from '../engine/index.js';
import { type CommandResult, exitCodeOf, jsonOption, runCommand } from './output.js';
import { type Check, serverChecks, type ServerReport, type ServerUrl } from './server-checks.js';

/** Of each line of versions; all later ones will do. */
const MIN_NODE: Readonly<Record<number, number>> = { 20: 19, 22: 13 };
const FIRST_LATER_NODE = 24;
const MIN_POSTGRES = 150_000;
const MIN_FREE_BYTES = 1024 ** 3;
const MAX_SKEW_MS = 2_000;
const CAP = 1_000;
const DOCUMENTS_MS = 10_000;
const MOST_NAMED = 5;
/** Of a detail: it may quote a server. */
const MOST_CHARACTERS = 1_000;

/** The part of a runtime that is looked at. */
export interface Examined {
  readonly config: {
    readonly dataDir: string;
    readonly access: AccessConfig;
    /** Null: it is in the data folder. */
    readonly masterKey: Uint8Array | null;
  };
  readonly apiKeys: Pick<ApiKeys, 'hasAdmin'>;
  readonly location: string | null;
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly engine: Pick<Engine, 'report'>;
  readonly gate: { readonly store: { reach(): Promise<void> } };
  readonly unreadableProofs: (signal: AbortSignal) => AsyncIterable<string>;
  close(): Promise<void>;
}

/** The part of the configuration that is looked at. */
export interface ExaminedConfig {
  readonly dataDir: string;
  readonly eventStoreUrl: string | null;
}

export function addDoctor<Config extends ExaminedConfig>(
  program: Command,
  readConfig: () => Config,
  open: (config: Config) => Promise<Examined>,
): void {
  program
    .command('doctor')
    .description('check configuration, connections, versions, clock and free space, and say what to do')
    .addOption(jsonOption)
    .action(async ({ json = false }: { json?: boolean }) => {
      process.exitCode = await runCommand(() => doctor(readConfig, open), { json });
    });
}

/** A finding makes the exit code 1, a server that can't be reached 3. Looks at what it can, whatever else is wrong. */
export async function doctor<Config extends ExaminedConfig>(
  readConfig: () => Config,
  open: (config: Config) => Promise<Examined>,
  describe: (url: ServerUrl) => Promise<ServerReport> = eventStoreDb.describe,
): Promise<CommandResult> {
  const checks: Check[] = [node()];
  let failure: unknown = null;
  try {
    const config = readConfig();
    checks.push({ check: 'configuration', ok: true, detail: 'reads well', remedy: null });
    // Before anything is opened: what can't be opened is to be explained.
    checks.push(...(await eventStore(config, describe)));
    const examined = await open(config);
    try {
      checks.push(
        ...(await database(examined)),
        await freeSpace(examined),
        ...rotation(examined),
        ...(await followers(examined)),
      );
      const storage = await documentStorage(examined);
      checks.push(storage, ...(storage.ok ? [await documents(examined)] : []), await access(examined));
    } finally {
      await examined.close();
    }
  } catch (error) {
    failure = error;
    const cause = error instanceof Error ? error.cause : null;
    const detail = error instanceof Error ? error.message || error.name : String(error);
    if (cause instanceof errors.UnsuitableDatabase) {
      checks.push({ check: 'database', ok: false, detail: cause.fault, remedy: cause.remedy });
    } else {
      const remedy = 'mend what the message names, then run orderlog doctor again';
      checks.push({ check: checks.length === 1 ? 'configuration' : 'connection', ok: false, detail, remedy });
    }
  }
  const ok = checks.every((check) => check.ok);
  const text = checks.flatMap(({ check, ok: fine, detail, remedy }) => [
    `${fine ? 'ok     ' : 'FINDING'} ${check}: ${print.shortened(detail, MOST_CHARACTERS)}`,
    ...(remedy === null ? [] : [`        → ${remedy}`]),
  ]);
  const unreachable = failure !== null && exitCodeOf(failure) === 3;
  return { document: { ok, checks }, text: print.lines(text), exitCode: ok ? 0 : unreachable ? 3 : 1 };
}

async function eventStore(
  { eventStoreUrl }: ExaminedConfig,
  describe: (url: ServerUrl) => Promise<ServerReport>,
): Promise<readonly Check[]> {
  const { url } = eventStoreDb.readUrl(eventStoreUrl ?? '', '.');
  return url ? serverChecks(await describe(url), url.discover) : [];
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major >= FIRST_LATER_NODE || minor >= (MIN_NODE[major] ?? Infinity);
  const remedy = ok ? null : 'install Node 20.19, 22.13, 24 or newer';
  return { check: 'node', ok, detail: process.versions.node, remedy };
}

async function database({ pool, store, location }: Examined): Promise<Check[]> {
  const before = Date.now();
  const { rows } = await pool.query<{ version: string; number: number; now: number; durable: boolean; full: boolean }>(`
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
           extract(epoch FROM clock_timestamp())::float8 * 1000 AS now,
           current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS durable,
           (SELECT count(*) FROM pg_stat_activity) > 0.9 * current_setting('max_connections')::int AS full`);
  const row = rows[0] as NonNullable<(typeof rows)[0]>;
  const skew = Math.round(row.now - (before + Date.now()) / 2);
  const head = await store.head();
  const where = location === null ? 'DATABASE_URL' : `embedded, ${location}`;
  return [
    {
      check: 'database version',
      ok: row.number >= MIN_POSTGRES,
      detail: `PostgreSQL ${row.version} (${where})`,
      remedy: row.number >= MIN_POSTGRES ? null : 'use PostgreSQL 15 or newer',
    },
    {
      check: 'database durability',
      ok: row.durable,
      detail: row.durable ? 'commits reach the disk' : 'fsync or full_page_writes is off: a power cut can lose the log',
      remedy: row.durable ? null : 'set fsync = on and full_page_writes = on in postgresql.conf',
    },
    {
      check: 'database connections',
      ok: !row.full,
      detail: row.full ? 'more than nine in ten are in use' : 'enough are free',
      remedy: row.full ? 'raise max_connections, or run fewer processes' : null,
    },
    {
      check: 'clock',
      ok: Math.abs(skew) <= MAX_SKEW_MS,
      detail: `the database is ${Math.abs(skew)} ms ${skew < 0 ? 'behind' : 'ahead'}`,
      remedy: Math.abs(skew) <= MAX_SKEW_MS ? null : 'synchronize the clocks (NTP) of this machine and the database',
    },
    { check: 'log', ok: true, detail: `${store.kind}, ${head === '' ? 'empty' : 'readable'}`, remedy: null },
  ];
}

async function access({ config, apiKeys }: Examined): Promise<Check> {
  const { auth, jwt } = config.access;
  const open = 'AUTH=none: everybody on this machine may do everything';
  if (auth === 'none') return { check: 'access', ok: true, detail: open, remedy: null };
  const ok = jwt !== null || (await apiKeys.hasAdmin());
  const who = jwt === null ? 'API keys' : `API keys, and tokens of ${jwt.issuer}`;
  return {
    check: 'access',
    ok,
    detail: ok ? who : 'AUTH=required, and no key of the role admin is valid',
    remedy: ok ? null : 'create one: orderlog keys create --role admin',
  };
}

async function freeSpace({ config, location }: Examined): Promise<Check> {
  const folder = location ?? config.dataDir;
  const { bavail, bsize } = await statfs(folder).catch(() => statfs('.'));
  const free = bavail * bsize;
  const ok = free >= MIN_FREE_BYTES;
  const remedy = ok ? null : `make room on the disk of ${folder}: a full disk stops every command`;
  return { check: 'free space', ok, detail: `${(free / 1024 ** 3).toFixed(1)} GiB`, remedy };
}

/** Until a rotation has ended, a copy of `master.key` alone does not open every key, and nothing else says so. */
function rotation({ config: { dataDir, masterKey } }: Examined): Check[] {
  if (masterKey !== null || !isRotating(dataDir)) return [];
  const detail = `a rotation has begun and not ended: some keys need ${dataDir}/master.key.next, others master.key`;
  const remedy = 'keep both files, and run orderlog keys rotate-master: it finishes the rotation';
  return [{ check: 'master key', ok: false, detail, remedy }];
}

async function followers({ engine }: Examined): Promise<Check[]> {
  const { models, reactors } = await engine.report({ cap: CAP });
  const named = [
    ...models.map((status) => ({ status, check: `read model ${status.name}` })),
    ...reactors.map((status) => ({ status, check: `reactor ${status.name}` })),
  ];
  return named.map(({ check, status: { problem, ...status } }) => {
    const detail = problem ?? `v${status.version}, ${status.state}, ${status.lag_events} events to go`;
    const remedy =
      problem === null ? null : 'start a projector (orderlog serve); if it stopped, orderlog status says why';
    return { check, ok: problem === null, detail, remedy };
  });
}

async function documentStorage({ gate }: Examined): Promise<Check> {
  const check = 'document storage';
  try {
    await gate.store.reach();
    return { check, ok: true, detail: 'stores, lists and removes', remedy: null };
  } catch (error) {
    const remedy =
      'see that this process may write to the documents folder or, with DOCUMENTS_URL, that AWS_REGION, AWS_ENDPOINT_URL and the ' +
      'credentials are those of the bucket';
    return { check, ok: false, detail: (error as Error).message, remedy };
  }
}

/** Looks at documents for a while: reading all of them may take hours. */
async function documents({ unreadableProofs }: Examined): Promise<Check> {
  const signal = AbortSignal.timeout(DOCUMENTS_MS);
  const findings: string[] = [];
  try {
    for await (const finding of unreadableProofs(signal)) findings.push(finding);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const ok = findings.length === 0;
  const more = findings.length > MOST_NAMED ? `; and ${findings.length - MOST_NAMED} more` : '';
  const read = signal.aborted ? 'those read so far open; orderlog verify reads all' : 'all open';
  return {
    check: 'documents',
    ok,
    detail: ok ? read : `${findings.slice(0, MOST_NAMED).join('; ')}${more}`,
    remedy: ok ? null : 'bring these documents back from a backup, or ask these users for new proofs',
  };
}
