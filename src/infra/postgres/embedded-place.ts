/** Where the embedded server's data and socket lie. */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, accountFor, canReach } from './embedded-account.js';

export interface Place {
  /** Folder of the data cluster. */
  readonly cluster: string;
  /** As whom the server runs; null as we are. */
  readonly account: Account | null;
  readonly isMade: boolean;
}

/** Where things go that the server's user must reach, if the checkout or the data folder is shut to it. */
const SHARED_PLACE = '/var/lib/orderlog';
/** In the data folder: where the cluster lies, if that is elsewhere. */
const NOTE = 'postgres.location';
/** Longest path of a Unix socket that every system takes. */
const SOCKET_PATH = 100;
const SOCKET = '.s.PGSQL.5432';

/**
 * The place of a data folder's cluster: in that folder, or, if it is shut to the server's user, in the shared place.
 * @throws Error when the data noted is gone, or is not for this user
 */
export function placeOf(dataDir: string): Place {
  const note = join(dataDir, NOTE);
  const noted = existsSync(note) ? readFileSync(note, 'utf8').trim() : null;
  const own = noted ?? join(dataDir, 'postgres');
  if (isCluster(own)) return { cluster: own, account: accountFor(own), isMade: true };
  if (noted !== null) {
    throw new Error(
      `${note} says that the database lies in ${noted}, but there is none: bring it back, or delete ${dataDir}`,
    );
  }
  const account = accountFor(null);
  if (!account || canReach(dataDir, account)) return { cluster: own, account, isMade: false };
  return { cluster: join(sharedPlace(), `data-${randomBytes(8).toString('hex')}`), account, isMade: false };
}

/** To be called when the cluster is whole: what is noted is there. */
export function notePlace(dataDir: string, { cluster }: Place): void {
  if (cluster !== join(dataDir, 'postgres')) writeFileSync(join(dataDir, NOTE), `${cluster}\n`, { flush: true });
}

function isCluster(folder: string): boolean {
  return existsSync(join(folder, 'PG_VERSION'));
}

/** @throws Error when it can't be made */
export function sharedPlace(): string {
  try {
    if (mkdirSync(SHARED_PLACE, { recursive: true }) !== undefined) chmodSync(SHARED_PLACE, 0o755);
    return SHARED_PLACE;
  } catch (cause) {
    throw new Error(
      `the user that runs Postgres can not reach this folder, and ${SHARED_PLACE} can not be made for it: ` +
        'set ORDERLOG_DATA_DIR to a folder whose parents everybody may enter, or set DATABASE_URL',
      { cause },
    );
  }
}

/** The folder of the socket: the cluster's own, or a shorter path, as the system's limit is some hundred characters. */
export function socketFolder(cluster: string): string {
  if (join(cluster, SOCKET).length <= SOCKET_PATH) return cluster;
  return `/tmp/orderlog-${createHash('sha256').update(cluster).digest('hex').slice(0, 16)}`;
}

export function hasSocket(folder: string): boolean {
  return existsSync(join(folder, SOCKET));
}

/**
 * Makes the folder of the socket, for the server's user alone.
 * @throws Error when something else has its name, which anybody could have put there
 */
export function makeSocketFolder({ cluster, account }: Place): void {
  const folder = socketFolder(cluster);
  if (folder === cluster) return;
  const owner = account?.uid ?? process.getuid?.();
  try {
    mkdirSync(folder, { mode: 0o700 });
    if (account) chownSync(folder, account.uid, account.gid);
  } catch (error) {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found?.isDirectory() && found.uid === owner && (found.mode & 0o077) === 0) return;
    throw new Error(`${folder}, for the database's socket, can not be made or is not ours: remove it`, {
      cause: error,
    });
  }
}
