/**
 * A tree in the bulk path: what happened to its places is staged, and where each stands in the end is asked once. The
 * statements make `{staging}.forest` (id, parent, name, code, nth).
 */
import { DistinctCounts } from './distinct-counts.js';
import { Forest } from './forest.js';
import type { Label, Step, Tree } from './tree.js';
import type { bulk, live } from '../../src/engine/index.js';

interface TreeEvent {
  readonly id: number;
  /** The event's number in the stream of the tree. */
  readonly nth: number;
  readonly position: string;
  readonly kind: 'add' | 'move' | 'remove' | 'rename';
  readonly parent?: number | null;
  readonly name?: string;
  readonly code?: string | null;
}

const FOREST_STAGING = `
  create unlogged table {staging}.tree (
    id integer, nth integer, position text collate "C", kind text, parent integer, name text, code text
  );
  create unlogged table {staging}.totals (id integer, kind text, things integer);
  create unlogged table {staging}.closure (id integer, above integer);`;

/** A category's row comes from the events of the tree that name it. */
const FOREST_SOURCE: bulk.RowSource = {
  stream: () => 'categoryTree-main',
  isAbout: (data, key) => String(data['cat_id']) === key,
};

function forestRows(events: readonly TreeEvent[]): bulk.CopiedRows {
  const columns = ['id', 'nth', 'position', 'kind', 'parent', 'name', 'code'];
  const row = (one: TreeEvent): bulk.CopyValue[] => [
    ...[one.id, one.nth, one.position, one.kind],
    ...[one.parent ?? null, one.name ?? null, one.code ?? null],
  ];
  return { table: '{staging}.tree', columns, rows: events.map(row) };
}

const FOREST_FINISH: readonly string[] = [
  // A place that was removed and added again begins with what was added last.
  `create unlogged table {staging}.forest as
   select t.id, (array_agg(t.parent order by t.nth desc) filter (where t.kind in ('add', 'move')))[1] as parent,
     (array_agg(t.name order by t.nth desc) filter (where t.name is not null))[1] as name,
     (array_agg(t.code order by t.nth))[1] as code, max(t.nth) as nth
   from {staging}.tree t
   join (select id, max(nth) as nth from {staging}.tree where kind = 'add' group by id) begun
     on begun.id = t.id and t.nth >= begun.nth
   group by t.id having not bool_or(t.kind = 'remove')`,
  'analyze {staging}.forest',
  'create unique index on {staging}.forest (id)',
];

interface Alike {
  /** The places in which they stand, `1,2`; empty or null where they stand in none. */
  readonly places: string | null;
  readonly kind: string;
  readonly things: number;
}

/**
 * Counts in `{staging}.totals` (id, kind, things) how many things stand in each place or below it, each once. The closure of
 * the forest would do as well, but has as many rows as a chain is long, squared.
 * @param text a query for things that stand in the same places, with the columns of Alike
 */
export function totalsOf(kinds: readonly string[], text: string): bulk.FinishStep {
  return async ({ read, copy }) => {
    const counts = new DistinctCounts(await forestOf(read), kinds);
    for await (const rows of read<Alike>(text)) {
      for (const { places, kind, things } of rows) if (places) counts.add(places.split(',').map(Number), kind, things);
    }
    const totals = [...counts.totals()];
    await copy({
      table: '{staging}.totals',
      columns: ['id', 'kind', 'things'],
      rows: totals.flatMap(([id, things]) => kinds.map((kind, i) => [id, kind, things[i] ?? 0])),
    });
  };
}

/**
 * Makes `{staging}.closure` (id, above: itself included) of the places alone that something stands in.
 * @param text a query for them, as `id`
 */
export function closureOf(text: string): bulk.FinishStep {
  return async ({ read, copy }) => {
    const forest = await forestOf(read);
    const ids: number[] = [];
    for await (const rows of read<{ id: number }>(text)) for (const { id } of rows) ids.push(id);
    let pairs: [number, number][] = [];
    const write = async (): Promise<void> => {
      await copy({ table: '{staging}.closure', columns: ['id', 'above'], rows: pairs });
      pairs = [];
    };
    for (const id of ids) {
      for (const above of forest.above([id])) pairs.push([id, above.id]);
      if (pairs.length >= CHUNK) await write();
    }
    await write();
  };
}

const CHUNK = 50_000;

async function forestOf(read: bulk.ReadRows): Promise<Forest<null>> {
  const places: { id: number; parentId: number | null; value: null }[] = [];
  for await (const rows of read<{ id: number; parent: number | null }>('select id, parent from {staging}.forest'))
    for (const { id, parent } of rows) places.push({ id, parentId: parent, value: null });
  return Forest.of(places);
}

/** Places that something happened to before they were there. */
const FOREST_ORPHANS = `
  select 'categoryTree-main' as stream, t.nth as revision, 'there is no category ' || t.id as message
  from {staging}.tree t
  where t.kind <> 'add'
    and not exists (select from {staging}.tree a where a.id = t.id and a.kind = 'add' and a.nth < t.nth)`;

/** What happened to the tree in a chunk. */
export class TreeChunk implements Tree {
  readonly #events: TreeEvent[] = [];

  add(step: Step, id: number, parent: number | null, label?: Label): void {
    this.#note(step, { id, kind: 'add', parent, ...label });
  }

  rename(step: Step, id: number, name: string): void {
    this.#note(step, { id, kind: 'rename', name });
  }

  move(step: Step, id: number, parent: number | null): void {
    this.#note(step, { id, kind: 'move', parent });
  }

  remove(step: Step, id: number): void {
    this.#note(step, { id, kind: 'remove' });
  }

  rows(): bulk.CopiedRows {
    return forestRows(this.#events);
  }

  #note({ revision: nth, position }: Step, event: Omit<TreeEvent, 'nth' | 'position'>): void {
    this.#events.push({ nth, position, ...event });
  }
}

/** The bulk path of a tree up to `{staging}.forest`. The table `categories` is filled from that. */
export const treeBulk: live.PagePart<unknown, TreeChunk>['bulk'] = {
  staging: FOREST_STAGING,
  begin: () => new TreeChunk(),
  rows: (chunk) => [chunk.rows()],
  finish: FOREST_FINISH,
  orphans: FOREST_ORPHANS,
  sources: { categories: FOREST_SOURCE },
};
