import pg from 'pg';
import { connectionGivesWay } from './background.js';

/** What a connection needs: a URL, or the fields of one. */
export type Connection = string | pg.PoolConfig;

const INT8 = 20;
const TIMESTAMPTZ = 1184;

/** How the values of a connection are read. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8 && format !== 'binary') return safeInteger;
    if (oid === TIMESTAMPTZ && format !== 'binary') return isoTime;
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
  }) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * The fields of a connection, with our reading of bigint (a safe integer) and timestamptz (ISO 8601, UTC).
 * @param settings further settings of the session, as `-c name=value`
 */
export function connectionConfig(connection: Connection, applicationName: string, settings = ''): pg.ClientConfig {
  const config = typeof connection === 'string' ? { connectionString: connection } : connection;
  const options = `-c TimeZone=UTC ${settings}`.trim();
  return { ...config, types, application_name: applicationName, keepAlive: true, options };
}

/**
 * Plans of prepared statements are kept: one that walks through a table, made while that was small, would do so until the
 * next ANALYZE.
 */
const LASTING_PLANS = '-c enable_seqscan=off -c jit=off';

const IDLE_MS = 60_000;

/**
 * A pool whose broken connections are dropped without ending the process. One connection stays, however long it is idle: by that
 * whoever needs the database for himself sees that this process is there.
 */
export function createPool(
  connection: Connection,
  options: {
    readonly max: number;
    readonly applicationName: string;
    readonly idleMs?: number;
    /** Of a server on this machine: its processes for this pool give way to others. */
    readonly inBackground?: boolean;
  },
): pg.Pool {
  const pool = new pg.Pool({
    ...connectionConfig(connection, options.applicationName, LASTING_PLANS),
    min: 1,
    max: options.max,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: options.idleMs ?? IDLE_MS,
    ...(options.inBackground && { onConnect: connectionGivesWay }),
  });
  // The next query gets a new connection, or its error; there is nobody here to tell.
  pool.on('error', () => undefined);
  // One that is lost while somebody has it fails his queries; without this it would end the process as well.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** @throws RangeError beyond 2^53 */
function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no safe integer`);
  return value;
}

/** As the server writes it in UTC; anything else, such as a year of five digits, the long way. */
const PLAIN_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/;

/** Cut out rather than computed: a rebuild spends a twentieth of its time on it otherwise. */
function isoTime(text: string): string {
  if (!PLAIN_TIME.test(text)) return new Date(text).toISOString();
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).slice(0, 3).padEnd(3, '0')}Z`;
}
