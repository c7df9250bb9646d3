/**
 * A tree in the bulk path: what happened to its places is staged, and where each stands in the end is asked once. The
 * statements make `{staging}.forest` (id, parent, name, code, nth) and `{staging}.closure` (id, above: itself included).
 */
import type { CopiedRows, CopyValue, RowSource } from './bulk.js';

export interface TreeEvent {
  readonly id: number;
  /** The event's number in the stream of the tree. */
  readonly nth: number;
  readonly position: string;
  readonly kind: 'add' | 'move' | 'remove' | 'rename';
  readonly parent?: number | null;
  readonly name?: string;
  readonly code?: string | null;
}

export const FOREST_STAGING = `
  create unlogged table {staging}.tree (
    id integer, nth integer, position text collate "C", kind text, parent integer, name text, code text
  );`;

/** A category's row comes from the events of the tree that name it. */
export const FOREST_SOURCE: RowSource = {
  stream: () => 'categoryTree-main',
  isAbout: (data, key) => String(data['cat_id']) === key,
};

export function forestRows(events: readonly TreeEvent[]): CopiedRows {
  const columns = ['id', 'nth', 'position', 'kind', 'parent', 'name', 'code'];
  const row = (one: TreeEvent): CopyValue[] => [
    ...[one.id, one.nth, one.position, one.kind],
    ...[one.parent ?? null, one.name ?? null, one.code ?? null],
  ];
  return { table: '{staging}.tree', columns, rows: events.map(row) };
}

export const FOREST_FINISH: readonly string[] = [
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
  `create unlogged table {staging}.closure as
   with recursive up (id, above) as (
     select id, id from {staging}.forest
     union all
     select up.id, f.parent from up join {staging}.forest f on f.id = up.above where f.parent is not null
   )
   select id, above from up`,
  'create index on {staging}.closure (id)',
  'analyze {staging}.closure',
];

/** Places that something happened to before they were there. */
export const FOREST_ORPHANS = `
  select 'categoryTree-main' as stream, t.nth as revision, 'there is no category ' || t.id as message
  from {staging}.tree t
  where t.kind <> 'add'
    and not exists (select from {staging}.tree a where a.id = t.id and a.kind = 'add' and a.nth < t.nth)`;
