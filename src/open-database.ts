/** Opens the database that the configuration names, without looking into it; the log and the keys are opened elsewhere. */
import type pg from 'pg';
import type { Config } from './config.js';
import { WrongMasterKey } from './crypto/wrapped-key.js';
import { type Connection, type Engine, errors, postgres } from './engine/index.js';
import { startEmbedded } from './embedded-postgres/embedded.js';
import { migrations } from '../migrations/index.js';
import type { HealthCheck } from './http/health.js';
import { ServerUnreachable, WrongUse } from './commands/output.js';

const POOL_SIZE = 20;

export interface DatabaseOptions {
  /** Bring the schema up to date first; otherwise it must be. With the embedded database it is the default. */
  readonly migrate?: boolean;
  readonly applicationName?: string;
  /** Somebody waits for each statement: then it has a deadline. */
  readonly forRequests?: boolean;
  /** For work that nobody waits for: it gives way, and so does what the embedded server does for it. */
  readonly inBackground?: boolean;
  /** Ends the waiting for a server. */
  readonly signal?: AbortSignal;
  /** Is told what keeps the embedded server from starting again. */
  readonly log?: Engine['log'];
}

export interface Database {
  readonly connection: Connection;
  /** Folder of the embedded cluster, null with a server of one's own. */
  readonly location: string | null;
  readonly pool: pg.Pool;
  /** Names of the migrations that opening has applied. */
  readonly applied: readonly string[];
  close(): Promise<void>;
}

/** @throws Error that says which server can't be reached */
export async function openDatabase(config: Config, options: DatabaseOptions = {}): Promise<Database> {
  const { signal, log } = options;
  const warn = (message: string): void => log?.warn({ message }, 'the embedded database does not start again yet');
  const embedded =
    config.databaseUrl === null ? await startEmbedded(config.dataDir, { warn, ...(signal && { signal }) }) : null;
  try {
    const { inBackground = false, forRequests = false } = options;
    // Not earlier: a server that is started here may serve others too.
    if (inBackground) postgres.giveWay();
    const connection: Connection = embedded?.config ?? (config.databaseUrl as string);
    if (embedded === null) await postgres.refuseUnsuitable(connection, migrations);
    const applied = (options.migrate ?? embedded !== null) ? await postgres.migrate(connection, migrations) : [];
    signal?.throwIfAborted();
    const pool = postgres.createPool(connection, {
      ...{ max: POOL_SIZE, applicationName: options.applicationName ?? 'orderlog' },
      kind: forRequests ? 'request' : 'work',
      inBackground: inBackground && embedded !== null,
    });
    const close = async (): Promise<void> => {
      await pool.end();
      await embedded?.stop();
    };
    return { connection, location: embedded?.location ?? null, pool, applied, close };
  } catch (error) {
    await embedded?.stop();
    throw unreachable(error);
  }
}

/** Also a database that answers is of no use while it takes no writes: after a failover, the server at the old address may be the standby. */
export function databaseCheck(pool: Pick<pg.Pool, 'query'>): HealthCheck {
  return {
    name: 'database',
    check: async () => {
      const { rows } = await pool.query<{ refuses: boolean }>(
        `SELECT current_setting('transaction_read_only')::boolean AS refuses`,
      );
      return rows[0]?.refuses ? { ok: false, detail: READ_ONLY } : { ok: true };
    },
  };
}

const READ_ONLY = 'the database takes no writes, as a standby does: let DATABASE_URL lead to the primary server';

/** SQLSTATEs by which the server refuses what DATABASE_URL says, and the remedy for each. */
const REFUSED: Readonly<Record<string, string>> = {
  '28000': 'set DATABASE_URL to a user that the server lets in',
  '28P01': 'set DATABASE_URL, or DATABASE_PASSWORD, to the password of that user',
  '3D000': 'make it with CREATE DATABASE, or name another one in DATABASE_URL',
  '42501': 'let the owner of the database run orderlog migrate, or grant the user of DATABASE_URL the right',
};

/** What opening something came to, as a user of the command is told of it. */
export function unreachable(error: unknown): unknown {
  if (error instanceof ServerUnreachable) return error;
  if (error instanceof errors.EventStoreUnavailable) return new ServerUnreachable(error.message, { cause: error });
  if (error instanceof errors.UnsuitableDatabase) return new WrongUse(error.message, { cause: error });
  if (error instanceof WrongMasterKey) return new WrongUse(error.message, { cause: error });
  if (error instanceof errors.WrongLog) return new WrongUse(error.message, { cause: error });
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  // It names the place and the remedy itself.
  if (postgres.outageOf(error)) return new ServerUnreachable(message, { cause: error });
  const remedy = REFUSED[code ?? ''];
  if (remedy !== undefined) return new WrongUse(`DATABASE_URL is refused: ${message}: ${remedy}`, { cause: error });
  // An error of a file has the same codes.
  if (!postgres.isUnavailable(error) || !['connect', 'getaddrinfo', undefined].includes(syscall)) return error;
  return new ServerUnreachable(`the database can not be reached: ${message || code}`, { cause: error });
}
