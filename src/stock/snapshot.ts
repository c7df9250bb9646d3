/** How the folded state of a stock stream is written down, so that a long stream need not be read from its first event. */
import { z } from 'zod';
import { PersistentMap, type Position } from '../engine/index.js';
import type { Stock } from './decider.js';

/** Of the state and of the code that folds it: a change of either is another version. */
const VERSION = 1;
/** Fewer snapshots than this bring little. */
const LEAST_EVENTS = 1_000;

const position = z.string() as unknown as z.ZodType<Position>;
const written = z.strictObject({
  tracked: z.boolean(),
  on_hand: z.int(),
  reserved: z.int(),
  reservations: z.array(z.strictObject({ order_id: z.uuid(), quantity: z.int(), reserved_at: z.string(), position })),
  carried: z.array(
    z.strictObject({
      command_id: z.string(),
      fingerprint: z.string(),
      revision: z.int(),
      position,
      tracked: z.boolean(),
      on_hand: z.int(),
      reserved: z.int(),
    }),
  ),
});

/** What `HotStreams` saves snapshots with. */
export const stockSnapshots = {
  version: VERSION,
  write: ({ reservations, carried, ...stock }: Stock): z.infer<typeof written> => ({
    ...stock,
    reservations: [...reservations.values()].map((one) => ({ ...one })),
    carried: carried.map((one) => ({ ...one })),
  }),
  read: (json: unknown): Stock => {
    const { reservations, ...stock } = written.parse(json);
    const byOrder = reservations.reduce(
      (map, one) => map.set(one.order_id, one),
      PersistentMap.empty<string, (typeof reservations)[number]>(),
    );
    return { ...stock, reservations: byOrder };
  },
  // It is as long as there are open orders.
  every: ({ reservations }: Stock): number => Math.max(LEAST_EVENTS, reservations.size),
};
