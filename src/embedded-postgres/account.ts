/** As whom the embedded server runs, and what that user can reach. */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Another user than ours. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const FALLBACK_USERS = ['postgres', 'nobody'];
const ENTER = { owner: 0o100, group: 0o010, others: 0o001 };

/**
 * Postgres refuses to run as root: the user that it runs as instead, or null to run as we are.
 * @param cluster the folder of an existing cluster, whose owner goes before any other
 * @param own our user id
 * @throws Error when this process can't use that cluster, or there is no user to become
 */
export function accountFor(cluster: string | null, own = process.getuid?.()): Account | null {
  const owner = cluster === null ? null : statSync(cluster);
  if (own !== 0) {
    if (owner === null || own === undefined || owner.uid === own) return null;
    throw new Error(
      `the database in ${String(cluster)} belongs to the user with id ${owner.uid}, this is ${own}: start orderlog as that ` +
        'user or as root, or name another folder in ORDERLOG_DATA_DIR',
    );
  }
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of FALLBACK_USERS) {
    const user = users.find((fields) => fields[0] === name);
    if (user) return { uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new Error(
    `Postgres does not run as root, and there is no user ${FALLBACK_USERS.join(' or ')} to run it as: ` +
      'start orderlog as another user, or set DATABASE_URL',
  );
}

/** Whether an account may enter a folder and all above it. */
export function canReach(folder: string, { uid, gid }: Account): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const { mode, uid: owner, gid: group } = statSync(at);
    const needed = owner === uid ? ENTER.owner : group === gid ? ENTER.group : ENTER.others;
    if ((mode & needed) === 0) return false;
    if (dirname(at) === at) return true;
  }
}
