import type { BulkPath } from '../../../src/engine/builds/bulk.js';
import type { Projection } from '../../../src/engine/projecting/projection.js';
import { handlingCounted, known } from './tally.js';

/** A key's sum may not be larger. */
export const LARGEST_SUM = 32_767;

interface Page {
  readonly sums: Map<string, number>;
}

const bulk: BulkPath<Page> = {
  staging: 'create unlogged table {staging}.parts (stream text not null, amount smallint not null)',
  begin: () => ({ sums: new Map() }),
  rows: ({ sums }) => [
    {
      table: '{staging}.parts',
      columns: ['stream', 'amount'],
      rows: sums,
    },
  ],
  orphans: 'select null::text as stream, null::integer as revision, null::text as message where false',
  unstage: ['delete from {staging}.parts where stream = any ($1)'],
  finish: ['insert into {schema}.sums select stream, sum(amount) from {staging}.parts group by stream'],
  recounts: [],
  sources: {},
};

function add({ sums }: Page, stream: string, amount: number): void {
  sums.set(stream, (sums.get(stream) ?? 0) + amount);
}

/** Adds up the amounts of each order's stream; the database refuses sums that are too large. */
export function keyedSums(name: string, apply: (amount: number) => void = () => undefined): Projection<Page> {
  return {
    name,
    version: 1,
    tables: ['sums'],
    reads: { order: known, product: known },
    keyedBy: ['order'],
    ddl: 'create table {schema}.sums (stream text primary key, sum smallint not null)',
    bulk,
    handlers: handlingCounted((page: Page, { stream, data }) => {
      apply(data.amount);
      add(page, stream, data.amount);
    }),
    open: () => Promise.resolve({ sums: new Map() }),
    async flush({ sums }, db): Promise<void> {
      await db.query(
        'keyed-sums',
        `insert into {schema}.sums select * from unnest($1::text[], $2::integer[])
         on conflict (stream) do update set sum = sums.sum + excluded.sum`,
        [[...sums.keys()], [...sums.values()]],
      );
    },
  };
}
