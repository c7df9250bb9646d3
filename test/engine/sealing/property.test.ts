import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { EventStore, Position } from '../../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import { testDatabase } from '../../support/database.js';
import { storeOf } from '../../support/made-up-store.js';
import { findings, newSigner, sealsOf, work } from './sealing.js';

const { pool } = await testDatabase(t);
const signer = newSigner();

function heldBy(log: readonly RecordedEvent[]): EventStore {
  return Object.assign(storeOf(log), { holds: () => Promise.resolve(true) });
}

function logOf(streams: readonly number[]): RecordedEvent[] {
  const revisions = new Map<number, number>();
  return streams.map((stream, i) => {
    const revision = revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    return {
      ...{ stream: `book-${stream}`, revision, id: randomUUID(), type: 'Counted' },
      position: (i + 1).toString(16).padStart(16, '0') as Position,
      ...{
        data: { n: i, note: null },
        metadata: { actor: 'a' },
        recordedAt: new Date(1_800_000_000_000 + i).toISOString(),
      },
    };
  });
}

/** Each changes a copy of the log, and says which event is the first that is not what was sealed: null where that is one that is gone. */
const tamperings: Readonly<Record<string, (log: RecordedEvent[], at: number, other: number) => RecordedEvent | null>> =
  {
    data: (log, at) => changed(log, at, { data: { n: -1, note: null } }),
    metadata: (log, at) => changed(log, at, { metadata: { actor: 'b' } }),
    type: (log, at) => changed(log, at, { type: 'Other' }),
    id: (log, at) => changed(log, at, { id: randomUUID() }),
    stream: (log, at) => changed(log, at, { stream: 'book-x' }),
    revision: (log, at) => changed(log, at, { revision: 99 }),
    recordedAt: (log, at) => changed(log, at, { recordedAt: '2020-01-01T00:00:00.000Z' }),
    removed: (log, at) => {
      log.splice(at, 1);
      return log[at] ?? null;
    },
    inserted: (log, at) => {
      const event = { ...(log[at] as RecordedEvent), id: randomUUID(), stream: 'book-new' };
      log.splice(at, 0, event);
      return event;
    },
    swapped: (log, at, other) => {
      const [first, second] = at < other ? [at, other] : [other, at];
      const [one, two] = [log[first] as RecordedEvent, log[second] as RecordedEvent];
      log[first] = { ...two, position: one.position };
      log[second] = { ...one, position: two.position };
      return log[first];
    },
  };

function changed(log: RecordedEvent[], at: number, change: Partial<RecordedEvent>): RecordedEvent {
  const event = { ...(log[at] as RecordedEvent), ...change };
  log[at] = event;
  return event;
}

t.test('any alteration of any log is found, and the first event that differs is named', async (t) => {
  const length = { minLength: 2, maxLength: 40 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(5), length),
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.constantFrom(...Object.keys(tamperings)),
      fc.nat(),
      fc.nat(),
      async (streams, ends, how, where, elsewhere) => {
        await pool.query('truncate orderlog.seals');
        const log = logOf(streams);
        // Sealed in parts, of which the last one covers all of it.
        const lengths = [...ends.map((end) => end % (log.length + 1)), log.length].sort((a, b) => a - b);
        const lines: string[] = [];
        for (const end of lengths)
          lines.push((await sealsOf(pool, heldBy(log.slice(0, end)), { signer }).seal(work)).line);
        for (const line of lines) t.same(await findings(sealsOf(pool, heldBy(log), { signer }), line), []);
        const altered = [...log];
        const [at, other] = [where % log.length, elsewhere % log.length];
        if (how === 'swapped' && at === other) return;
        const first = tamperings[how]?.(altered, at, other);
        const seals = sealsOf(pool, heldBy(altered), { signer });
        const [found = ''] = await findings(seals);
        const name = first ? `${first.stream}@${first.revision} (position ${first.position}, event ` : 'the log holds ';
        if (!found.startsWith(name)) throw new Error(`${how} at ${at}: ${found} does not name ${name}`);
      },
    ),
    { numRuns: 60 },
  );
});
