/** Where the embedded server's data and socket lie. */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../documents/make-folders.js';
import { type Account, accountFor, canReach } from './account.js';

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
/** Bytes of the longest path of a Unix socket that every system takes. */
const SOCKET_PATH = 100;
/** Paths that mean the same to the system, to Postgres's list of folders and in a URL. */
const PLAIN_PATH = /^[\w/.-]+$/;
const SOCKET = '.s.PGSQL.5432';

/**
 * The place of a data folder's cluster: in that folder, or, if it is shut to the server's user, in the shared place.
 * @throws Error when the data noted is gone, or is not for this user
 */
export function placeOf(dataDir: string): Place {
  const own = clusterOf(dataDir);
  if (isCluster(own)) return { cluster: own, account: accountFor(own), isMade: true };
  const note = join(dataDir, NOTE);
  if (existsSync(note)) {
    throw new Error(
      `${note} says that the database lies in ${own}, but there is none: bring it back, or delete ${dataDir}`,
    );
  }
  const account = accountFor(null);
  if (!account || canReach(dataDir, account)) return { cluster: own, account, isMade: false };
  return { cluster: join(sharedPlace(), `data-${randomBytes(8).toString('hex')}`), account, isMade: false };
}

/** The folder that a data folder names for its cluster, whether or not that is there. */
export function clusterOf(dataDir: string): string {
  const note = join(dataDir, NOTE);
  return existsSync(note) ? readFileSync(note, 'utf8').trim() : join(dataDir, 'postgres');
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
    if (makeFolders(SHARED_PLACE)) chmodSync(SHARED_PLACE, 0o755);
    return SHARED_PLACE;
  } catch (cause) {
    throw new Error(
      `the user that runs Postgres can not reach this folder, and ${SHARED_PLACE} can not be made for it: ` +
        'set ORDERLOG_DATA_DIR to a folder whose parents everybody may enter, or set DATABASE_URL',
      { cause },
    );
  }
}

/**
 * The folder of the socket: the cluster's own, or one with a short and plain path. The system's limit is some hundred bytes, and
 * Postgres takes a list of folders, in which commas and quotes have a meaning.
 */
export function socketFolder(cluster: string): string {
  // By whatever path a process reaches the cluster, the socket is the same.
  const path = existsSync(cluster) ? realpathSync(cluster) : cluster;
  if (PLAIN_PATH.test(path) && join(path, SOCKET).length <= SOCKET_PATH) return path;
  return `/tmp/orderlog-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
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
  if (existsSync(cluster) && folder === realpathSync(cluster)) return;
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
