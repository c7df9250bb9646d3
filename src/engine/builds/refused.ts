/** A chunk whose rows the database refuses: whose fault it is, and the chunk without it. */
import type pg from 'pg';
import { decode } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import type { LoadTarget } from './load-target.js';
import { copy } from '../projecting/copy-rows.js';
import { applyEvent, type QuarantinedEvent, isOfTheEvent } from '../quarantine/quarantine.js';

/** The state of a chunk after these events. */
export function fold({ bulk, handlers }: LoadTarget['projection'], recorded: readonly RecordedEvent[]): unknown {
  const chunk = bulk.begin();
  for (const event of recorded) {
    const handler = handlers[event.type];
    if (handler) applyEvent(handler, chunk, decode(event, handler.eventType));
  }
  return chunk;
}

/**
 * Copies the rows of a chunk; `client` is in a transaction. If they are refused, those of the events that are to blame, and of
 * the later ones of their keys, are left out.
 * @returns what waits from now on, and how many events were left out
 * @throws what the database says, where it is not an event of a key that is to blame
 */
export async function rowsThatFit(
  client: pg.ClientBase,
  target: LoadTarget,
  chunk: unknown,
  recorded: readonly RecordedEvent[],
): Promise<{ held: QuarantinedEvent[]; without: number }> {
  const { keyedBy = [] } = target.projection;
  const held: QuarantinedEvent[] = [];
  if (keyedBy.length === 0) {
    await copyAll(client, target, chunk);
    return { held, without: 0 };
  }
  let rest = recorded;
  let error = await refusal(client, target, chunk, 'keep');
  while (error !== null) {
    // A fault of the machine is not looked for in the chunk.
    if (!isOfTheEvent(error)) throw error;
    const culprit = await firstRefused(client, target, rest);
    const waiting = culprit && target.quarantine.hold(culprit, error);
    if (!waiting) throw error;
    held.push(waiting);
    rest = rest.filter((event) => target.quarantine.lets(event));
    error = await refusal(client, target, fold(target.projection, rest), 'keep');
  }
  return { held, without: recorded.length - rest.length };
}

/** The last event of the shortest beginning of the chunk that is refused. */
async function firstRefused(
  client: pg.ClientBase,
  target: LoadTarget,
  recorded: readonly RecordedEvent[],
): Promise<RecordedEvent | undefined> {
  let [taken, refused] = [0, recorded.length];
  while (refused - taken > 1) {
    const middle = Math.floor((taken + refused) / 2);
    const chunk = fold(target.projection, recorded.slice(0, middle));
    if ((await refusal(client, target, chunk, 'undo')) === null) taken = middle;
    else refused = middle;
  }
  return recorded[refused - 1];
}

/** Why the rows of a chunk are refused; null if they are not. */
async function refusal(
  client: pg.ClientBase,
  target: LoadTarget,
  chunk: unknown,
  whatIsTaken: 'keep' | 'undo',
): Promise<Error | null> {
  await client.query('savepoint rows');
  try {
    await copyAll(client, target, chunk);
    await client.query(whatIsTaken === 'keep' ? 'release savepoint rows' : 'rollback to savepoint rows');
    return null;
  } catch (error) {
    // Where the connection is gone, this tells.
    await client.query('rollback to savepoint rows');
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function copyAll(client: pg.ClientBase, target: LoadTarget, chunk: unknown): Promise<void> {
  for (const copied of target.projection.bulk.rows(chunk)) await copy(client, target, copied);
}
