/** The switch from one build of a read model to another, in one transaction (docs/decisions/0010). */
import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Position } from '../core/event-store.js';
import { type Build, type BuildId, BUILDS_CHANNEL, checkpointOf } from './registry.js';
import { IS_LOST } from '../projecting/lost-history.js';
import { inTransaction, lockModel } from './prepare-model.js';
import { refuseWorse } from './worse-than-live.js';

/** How long pages of the active build may be held up for the other one to get to its place. */
const HOLD_MS = 3_000;
const LOOK_EVERY_MS = 3;
/** A process that is stopped while it holds them loses its transaction after this, and they go on. */
const STOPPED_MS = 5_000;

/** The build is not there, or not in a state to be switched to. */
export class NotSwitchable extends Error {
  override readonly name = 'NotSwitchable';
}

/**
 * Makes the build the one that is read, and keeps the one before for a while. Its place is then not before any that was
 * answered for.
 * @param mayBeWorse also to a build in which keys wait that do not wait in the one before
 * @returns false when it is too far behind: let it follow, and try again
 * @throws NotSwitchable, WorseThanLive
 */
export async function switchTo(
  pool: pg.Pool,
  to: BuildId & { readonly version: number },
  keepSeconds: number,
  mayBeWorse = false,
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await client.query(`set local idle_in_transaction_session_timeout = ${STOPPED_MS}`);
    // 1. Nobody else changes the model's entries, and the build may be switched to.
    await lockModel(client, to.name);
    const { rows } = await client.query<Pick<Build, 'state'>>(
      `select state from orderlog.builds where model = $1 and number = $2 and version = $3 and state in ('ready', 'standby')`,
      [to.name, to.build, to.version],
    );
    if (rows.length === 0) throw new NotSwitchable(`build ${to.build} of ${to.name} can not be switched to`);
    // 2. What is read now does not move on from here; readers go on.
    const answered = await holdActive(client, to);
    // 3. Its pages go on meanwhile, in whatever process projects it.
    if (!(await reaches(client, to, answered))) return false;
    // 4. It has all that was answered. Also of this nothing changes any more: a retry waits for the checkpoint's row.
    if (!mayBeWorse) await refuseWorse(client, to);
    // 5. The entries change together, and all processes are told.
    await changeEntries(client, to, keepSeconds);
    return true;
  });
}

/** The furthest place that answers to processes of this version may have been given for. */
async function holdActive(
  client: pg.ClientBase,
  { name, version }: { name: string; version: number },
): Promise<Position> {
  const { rows } = await client.query<{ position: Position; lost: boolean }>(
    `select c.position, ${IS_LOST('c')} as lost from orderlog.checkpoints c
     join orderlog.builds b on b.model = c.model and b.number = c.build
     where b.model = $1 and b.state = 'active' and b.version <= $2
     order by c.build for update of c`,
    [name, version],
  );
  // A position of a history that the log has lost can't be reached.
  return rows
    .filter(({ lost }) => !lost)
    .reduce((last, { position }) => (position > last ? position : last), '' as Position);
}

async function reaches(client: pg.ClientBase, build: BuildId, position: Position): Promise<boolean> {
  for (const end = Date.now() + HOLD_MS; ;) {
    const checkpoint = await checkpointOf(client, build);
    if (checkpoint && checkpoint.position >= position) return true;
    if (Date.now() > end) return false;
    await sleep(LOOK_EVERY_MS);
  }
}

async function changeEntries(
  client: pg.ClientBase,
  { name, build, version }: BuildId & { readonly version: number },
  keepSeconds: number,
): Promise<void> {
  // The time of an earlier standby build is over.
  await client.query(
    `update orderlog.builds set kept_until = clock_timestamp()
     where model = $1 and version = $2 and state = 'standby' and number <> $3`,
    [name, version, build],
  );
  await client.query(
    `update orderlog.builds set state = case when version = $2 then 'standby' else state end,
       kept_until = clock_timestamp() + make_interval(secs => case when exists (
         select from orderlog.checkpoints c where c.model = builds.model and c.build = builds.number and ${IS_LOST('c')}
       ) then 0 else $3 end)
     where model = $1 and version <= $2 and state = 'active'`,
    [name, version, keepSeconds],
  );
  await client.query(
    `update orderlog.builds set state = 'active', switched_at = clock_timestamp(), kept_until = null
     where model = $1 and number = $2`,
    [name, build],
  );
  await client.query('select pg_notify($1, $2)', [BUILDS_CHANNEL, name]);
}
