/** A process that appends with many writers at once, and tells its parent what was acknowledged. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { WrongExpectedRevision } from '../../../src/engine/core/errors.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { numberOf, positionOf } from '../../../src/engine/log/postgres/position.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { newEvent } from '../../support/event-store/case.js';

export interface Task {
  readonly config: pg.PoolConfig;
  readonly writers: number;
  readonly milliseconds: number;
}

/** Event id and position of everything that was acknowledged. */
export type Acknowledged = [id: string, position: string][];

process.on('message', (task: Task) => void run(task));

async function run({ config, writers, milliseconds }: Task): Promise<void> {
  const pool = createPool(config, { max: 2, applicationName: 'orderlog-test' });
  const store = new PostgresEventStore(pool, config);
  const acknowledged = await appendMuch(store, writers, milliseconds);
  await store.close();
  await pool.end();
  process.send?.(acknowledged, () => process.disconnect());
}

/** Writers with pauses of their own, on streams that they have alone and on streams that they fight for. */
export async function appendMuch(
  store: PostgresEventStore,
  writers: number,
  milliseconds: number,
): Promise<Acknowledged> {
  const acknowledged: Acknowledged = [];
  const end = Date.now() + milliseconds;
  const write = async (): Promise<void> => {
    const own = `order-${crypto.randomUUID()}`;
    const known = new Map<string, number | 'none'>();
    while (Date.now() < end) {
      const stream = Math.random() < 0.7 ? own : `contended-${Math.floor(Math.random() * 20)}`;
      const events = Array.from({ length: 1 + Math.floor(Math.random() * 3) }, () =>
        newEvent(Math.random() < 0.5 ? 'Even' : 'Odd'),
      );
      try {
        const result = await store.append(stream, events, known.get(stream) ?? 'none');
        known.set(stream, result.revision);
        // The events of one append stand one behind the other.
        const first = numberOf(result.position) - BigInt(events.length - 1);
        events.forEach((event, i) => acknowledged.push([event.id, positionOf(first + BigInt(i))]));
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) throw error;
        known.set(stream, error.actual);
      }
      if (Math.random() < 0.5) await sleep(Math.random() * 20);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return acknowledged;
}
