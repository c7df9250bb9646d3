import type { EventStore } from '../core/event-store.js';
import type { SealTable } from './seal-table.js';

/** How much of the log is sealed. */
export interface Coverage {
  readonly sealed: number;
  /** Events behind the last seal, counted up to 10,000; null if it was made before the log was moved. */
  readonly unsealed: number | null;
  readonly sealedAt: string;
}

export interface CoverageDeps {
  readonly table: SealTable;
  readonly store: EventStore;
  readonly logId: string;
}

const CAP = 10_000;

/** Null while there is no seal. */
export async function coverageOf({ table, store, logId }: CoverageDeps): Promise<Coverage | null> {
  const last = await table.last();
  if (!last) return null;
  const { position, categories, through: sealed, sealedAt } = last;
  if (last.logId !== logId) return { sealed, unsealed: null, sealedAt };
  const filter = { streamPrefixes: categories.map((category) => `${category}-`) };
  const [behind] = await store.distances([{ position, filter }], CAP);
  return { sealed, unsealed: behind?.events ?? null, sealedAt };
}
