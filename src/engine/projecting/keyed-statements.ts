/** The statements on one keyed table, all of them made from its columns. */
import type { Column, Columns } from './columns.js';

export interface Named {
  readonly name: string;
  readonly column: Column;
}

export interface KeyedShape {
  readonly table: string;
  /** The category of the streams that the rows are about. */
  readonly category: string;
  /** What is said of a key without a row: "has not been opened". */
  readonly missing: string;
  readonly all: readonly Named[];
  readonly key: Named;
  readonly revision: Named;
  /** What patches change: columns that they set, and lists that they append to. */
  readonly changing: readonly Named[];
}

/** @throws Error unless there is one key and one revision */
export function shapeOf(table: string, category: string, missing: string, columns: Columns): KeyedShape {
  const all = Object.entries(columns).map(([name, column]) => ({ name, column }));
  const of = (...roles: Column['role'][]): Named[] => all.filter(({ column }) => roles.includes(column.role));
  const [key, revision] = [of('key'), of('revision')];
  if (!key[0] || !revision[0] || key.length + revision.length > 2 || of('position').length > 1)
    throw new Error(`${table} needs one key, one revision, and at most one position`);
  const changing = of('changing', 'list');
  return { table, category, missing, all, key: key[0], revision: revision[0], changing };
}

export function ddlOf({ table, all }: KeyedShape, fillfactor?: number): string {
  const columns = all.map(({ name, column }) => `${name} ${column.type}${column.isNullable ? '' : ' not null'}`);
  const options = fillfactor === undefined ? '' : ` with (fillfactor = ${fillfactor})`;
  return `create table {schema}.${table} (\n  ${columns.join(',\n  ')}\n)${options};\n`;
}

/** Whether a patch sets a column, where null is a value of it. */
export const flagOf = (name: string): string => `sets_${name}`;

/** The columns of a patch and their types, as they are sent and staged. */
export function patchColumns({ key, revision, changing }: KeyedShape): { name: string; type: string }[] {
  return [
    { name: key.name, type: key.column.sentAs },
    { name: revision.name, type: revision.column.sentAs },
    { name: 'expected', type: 'integer' },
    ...changing.flatMap(({ name, column }) => [
      ...(column.isNullable ? [{ name: flagOf(name), type: 'boolean' }] : []),
      { name, type: column.sentAs },
    ]),
  ];
}

export function insertText({ table, all }: KeyedShape): string {
  const names = all.map(({ name }) => name).join(', ');
  const values = all.map(({ name, column }) => cast(`x.${name}`, column));
  const sent = all.map(({ column }, i) => `$${i + 1}::${column.sentAs}[]`);
  return `insert into {schema}.${table} (${names}) select ${values.join(', ')} from unnest(${sent.join(', ')}) as x (${names})`;
}

/** Applies patches to rows that are there, and answers with the numbers, from 1, of those that found theirs. */
export function patchText(shape: KeyedShape): string {
  const columns = patchColumns(shape);
  const sent = columns.map(({ type }, i) => `$${i + 1}::${type}[]`);
  return `update {schema}.${shape.table} t set ${assignments(shape)}
    from unnest(${sent.join(', ')}) with ordinality as c (${columns.map(({ name }) => name).join(', ')}, nth)
    where t.${shape.key.name} = c.${shape.key.name} returning c.nth`;
}

export const stagedIn = ({ table }: KeyedShape): string => `{staging}.${table}_patches`;

export function stagingText(shape: KeyedShape): string {
  const columns = patchColumns(shape).map(({ name, type }) => `${name} ${type}`);
  return `create unlogged table ${stagedIn(shape)} (${columns.join(', ')});\n`;
}

/**
 * Folds what was staged of each row, and applies it. What expects a row has one here, older than itself: the others are orphans,
 * and were taken out. What does not may be older than the row, and then it found nothing.
 */
export function finishText(shape: KeyedShape): string {
  const { table, key, revision, changing } = shape;
  const last = (name: string, isSet: string): string =>
    `(array_agg(c.${name} order by c.${revision.name} desc) filter (where ${isSet}))[1] as ${name}`;
  const folded = changing.flatMap(({ name, column }) => {
    if (column.role === 'list') return [`string_agg(c.${name}, '' order by c.${revision.name}) as ${name}`];
    if (!column.isNullable) return [last(name, `c.${name} is not null`)];
    return [`bool_or(c.${flagOf(name)}) as ${flagOf(name)}`, last(name, `c.${flagOf(name)}`)];
  });
  const max = `max(c.${revision.name}) as ${revision.name}`;
  return `update {schema}.${table} t set ${assignments(shape)}
    from (
      select c.${key.name}, ${[max, ...folded].join(', ')}
      from (
        select * from ${stagedIn(shape)} where expected is not null
        union all
        select p.* from ${stagedIn(shape)} p
        join {schema}.${table} t on t.${key.name} = p.${key.name} and t.${revision.name} < p.${revision.name}
        where p.expected is null
      ) c
      group by c.${key.name}
    ) c
    where t.${key.name} = c.${key.name}`;
}

/** What expects a row that was not there by then. */
export function orphansText(shape: KeyedShape): string {
  const { table, category, missing, key, revision } = shape;
  return `
    select '${category}-' || p.${key.name} as stream, p.expected as revision,
      '${category} ' || p.${key.name} || ' ${missing}' as message
    from ${stagedIn(shape)} p
    where p.expected is not null and not exists (
      select from {schema}.${table} t where t.${key.name} = p.${key.name} and t.${revision.name} < p.expected)`;
}

/** Takes out what there is of the streams in $1: what was staged, and rows that were inserted too late. */
export function unstageTexts(shape: KeyedShape): string[] {
  const ofStreams = `where '${shape.category}-' || ${shape.key.name} = any ($1::text[])`;
  return [`delete from ${stagedIn(shape)} ${ofStreams}`, `delete from {schema}.${shape.table} ${ofStreams}`];
}

/** From the patch `c` to the row `t`. */
function assignments({ revision, changing }: KeyedShape): string {
  const set = changing.map(({ name, column }) => {
    if (column.role === 'list') return `${name} = ${appended(name)}`;
    const value = cast(`c.${name}`, column);
    return column.isNullable
      ? `${name} = case when c.${flagOf(name)} then ${value} else t.${name} end`
      : `${name} = coalesce(${value}, t.${name})`;
  });
  return [`${revision.name} = c.${revision.name}`, ...set].join(', ');
}

/** Entries, each after a comma, are joined to the text of the list, which becomes what writing the whole list would give. */
function appended(name: string): string {
  const added = `substr(c.${name}, case when t.${name}::text = '[]' then 2 else 1 end)`;
  return `case when c.${name} is null then t.${name} else (left(t.${name}::text, -1) || ${added} || ']')::json end`;
}

function cast(value: string, { type, sentAs }: Column): string {
  return type.startsWith(sentAs) ? value : `${value}::${type}`;
}
