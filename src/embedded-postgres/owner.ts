/** That a data folder and a cluster belong together, and to nobody else. */
import { existsSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { clusterOf } from './place.js';
import { clusterInPidFile, isSameFolder, pidFileOf, serverOf } from './process.js';
import { writeFile } from './write-file.js';

/** In the cluster: the path of its data folder. */
const OWNER = 'orderlog.owner';
const TO_COPY = 'To copy an installation, use orderlog backup and orderlog restore';

/**
 * Binds a cluster to its data folder. A data folder that was moved takes its cluster along.
 * @throws Error when the cluster belongs to another data folder, or was copied while its server ran
 */
export function bindCluster(dataDir: string, cluster: string): void {
  const own = realpathSync(dataDir);
  const file = join(cluster, OWNER);
  const owner = existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
  if (owner !== null && owner !== own && !isSameFolder(owner, own) && isSameFolder(clusterOf(owner), cluster)) {
    throw new Error(
      `${dataDir} is a copy of the data folder ${owner}, and both name the same database in ${cluster}: start orderlog with ` +
        `${owner}, or delete that folder if this one takes its place. ${TO_COPY}`,
    );
  }
  refuseTorn(dataDir, cluster);
  if (owner === own) return;
  // Replaced, not written over: it may be a file of root's, and we its folder's owner.
  const draft = `${file}.${process.pid}`;
  writeFile(draft, `${own}\n`);
  renameSync(draft, file);
}

/** The files of a running server, copied one after the other, are of different moments. */
function refuseTorn(dataDir: string, cluster: string): void {
  const original = clusterInPidFile(cluster);
  if (original === null || original === cluster || serverOf(cluster) !== null) return;
  if (!existsSync(join(original, 'PG_VERSION')) || isSameFolder(original, cluster)) return;
  throw new Error(
    `the database in ${dataDir} was copied from ${original} while its server ran, so the copy may be damaged: stop orderlog, then ` +
      `copy the folder again. If it is a snapshot of one moment, delete ${pidFileOf(cluster)}. ${TO_COPY}`,
  );
}
