/** The switch from one build of a read model to another, in one transaction (docs/decisions/0010). */
import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Position, START } from '../core/event-store.js';
import { activate, activeBuilds, type BuildId, isSwitchable, lockModel } from './registry.js';
import { checkpointOf, lockCheckpoints } from '../projecting/checkpoint-reads.js';
import { inTransaction } from '../postgres/transaction.js';
import { refuseWorse } from './worse-than-live.js';

/** How long pages of the active build may be held up for the other one to get to its position. */
const HOLD_MS = 3_000;
const LOOK_EVERY_MS = 3;
/** A process that is stopped while it holds them loses its transaction after this, and they go on. */
const STOPPED_MS = 5_000;

/** The build is not there, or not in a state to be switched to. */
class NotSwitchable extends Error {
  override readonly name = 'NotSwitchable';
}

/**
 * Makes the build the one that is read, and keeps the one before for a while. Its position is then not before any that was
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
    if (!(await isSwitchable(client, to)))
      throw new NotSwitchable(`build ${to.build} of ${to.name} can not be switched to`);
    // 2. What is read now does not move on from here; readers go on.
    const before = await activeBuilds(client, to.name, to.version);
    const held = await lockCheckpoints(
      client,
      to.name,
      before.map(({ build }) => build),
    );
    // A position of a history that the log has lost can't be reached.
    const lost = held.filter(({ error }) => error?.lost);
    const answered = held.filter((one) => !lost.includes(one)).map(({ position }) => position);
    // 3. Its pages go on meanwhile, in whatever process projects it.
    if (!(await reaches(client, to, answered.sort().at(-1) ?? START))) return false;
    // 4. It has all that was answered. Also of this nothing changes any more: a retry waits for the checkpoint's row.
    if (!mayBeWorse) await refuseWorse(client, to);
    // 5. The entries change together, and all processes are told.
    await activate(client, to, { keepSeconds, useless: lost.map(({ build }) => build) });
    return true;
  });
}

async function reaches(client: pg.ClientBase, build: BuildId, position: Position): Promise<boolean> {
  for (const end = Date.now() + HOLD_MS; ;) {
    const checkpoint = await checkpointOf(client, build);
    if (checkpoint && checkpoint.position >= position) return true;
    if (Date.now() > end) return false;
    await sleep(LOOK_EVERY_MS);
  }
}
