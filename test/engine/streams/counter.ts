/** A thing that many want to change at once: a number that is not to go above its limit. */
import { z } from 'zod';
import type { Decider } from '../../../src/engine/core/decider.js';
import { Refusal } from '../../../src/engine/core/errors.js';
import { eventType, type FactOf } from '../../../src/engine/core/event-type.js';
import type { Envelope } from '../../../src/engine/core/message.js';
import type { StreamBinding } from '../../../src/engine/core/stream-access.js';
import type { SnapshotForm } from '../../../src/engine/streams/snapshots.js';

const events = {
  Raised: eventType('Raised', z.strictObject({ by: z.int(), who: z.string() })),
  LimitMoved: eventType('LimitMoved', z.strictObject({ limit: z.int() })),
};
export type CounterFact = FactOf<typeof events>;

export interface Counter {
  readonly total: number;
  readonly limit: number;
}

export type CounterCommand =
  | { readonly type: 'Raise'; readonly by: number; readonly who: string }
  | { readonly type: 'MoveLimit'; readonly limit: number };

const decider: Decider<Counter, CounterCommand, CounterFact> = {
  initialState: { total: 0, limit: 10 },
  decide(counter, command): CounterFact[] {
    if (command.type === 'MoveLimit') {
      return command.limit === counter.limit ? [] : [{ type: 'LimitMoved', data: { limit: command.limit } }];
    }
    if (counter.total + command.by > counter.limit) throw new Refusal('too-high', `${counter.total} is all there is`);
    return [{ type: 'Raised', data: { by: command.by, who: command.who } }];
  },
  evolve: (counter, { type, data }: Envelope<CounterFact>) =>
    type === 'Raised' ? { ...counter, total: counter.total + data.by } : { ...counter, limit: data.limit },
};

export const counters: StreamBinding<Counter, CounterCommand, CounterFact> = {
  name: (id) => `counter-${id}`,
  types: events,
  decider,
};

export const counterSnapshots: SnapshotForm<Counter> = {
  version: 1,
  write: ({ total, limit }) => ({ total, limit }),
  read: (json) => z.strictObject({ total: z.int(), limit: z.int() }).parse(json),
  every: () => 10,
};
