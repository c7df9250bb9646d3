/**
 * The registry of as-of builds (docs/decisions/0011): read models as they were at a position, each in a schema of its own. Every
 * statement on its table is here.
 */
import type pg from 'pg';
import type { Position } from '../core/event-store.js';
import { isUndefinedTable } from '../postgres/errors.js';
import { inSchemas } from '../projecting/projection.js';
import type { QuarantinedEvent } from '../quarantine/quarantine.js';
import { isQuarantinedLive, skippedUpTo } from '../quarantine/quarantined.js';

/** A model by name, and the version of the projection's code that must make its as-of builds. */
export interface AsOfModel {
  readonly name: string;
  readonly version: number;
}

export interface AsOfBuild {
  /** n of its schema `asof_<model>_<n>`; never given twice. */
  readonly number: number;
  readonly model: string;
  /** Of the last event that concerns the model. */
  readonly position: Position;
  /** Up to here it is known that no further event concerns the model. */
  readonly holdsTo: Position;
  /** The first event that does; null as long as none was met. */
  readonly nextEvent: Position | null;
  readonly events: number;
  readonly rows: number;
  /** The keys that wait in it. */
  readonly held: readonly Pick<QuarantinedEvent, 'stream' | 'revision'>[];
}

const COLUMNS = `s.number, s.model, s.position, s.holds_to as "holdsTo", s.next_event as "nextEvent", s.events,
  s.row_count as rows, s.held`;

type Db = Pick<pg.ClientBase, 'query'>;

/** Not of `rm_`, which only what is live begins with. */
export function asOfSchema({ model, number }: Pick<AsOfBuild, 'model' | 'number'>): string {
  return `asof_${model.replaceAll('-', '_')}_${number}`;
}

export function asOfStaging(build: Pick<AsOfBuild, 'model' | 'number'>): string {
  return `${asOfSchema(build)}_staging`;
}

/** Left out is just what is skipped by now. */
const LEAVES_OUT_ENOUGH = `s.skipped = ${skippedUpTo('s.model', 's.position')}`;

/** The process that made it can't do better. For others it serves unless the active build was mended since: nothing is quarantined there any more. */
const HOLDS_NO_MORE_THAN_IT_MUST = `(s.held = '[]' or s.number = any ($4) or not exists (
  select from jsonb_to_recordset(s.held) h (stream text, revision integer)
  where not ${isQuarantinedLive('s.model', 'h.stream', 'h.revision')}))`;

/**
 * The one that may show a model as it was at this position; whether it does, `holdsAt` says.
 * @param own numbers of those that this process has made
 */
export async function nearestAsOfBuild(
  pool: Db,
  { name, version }: AsOfModel,
  at: Position,
  own: readonly number[],
): Promise<AsOfBuild | null> {
  const { rows } = await pool.query<AsOfBuild>({
    name: 'as-of-nearest',
    text: `select ${COLUMNS} from orderlog.as_of_builds s
           where s.model = $1 and s.version = $2 and s.state = 'ready' and s.position <= $3
             and ${LEAVES_OUT_ENOUGH} and ${HOLDS_NO_MORE_THAN_IT_MUST}
           order by s.position desc, s.number limit 1`,
    values: [name, version, at, own],
  });
  return rows[0] ?? null;
}

/** Null: not known yet, ask the log. */
export function holdsAt({ position, holdsTo, nextEvent }: AsOfBuild, at: Position): boolean | null {
  if (at < position || (nextEvent !== null && at >= nextEvent)) return false;
  return at <= holdsTo || nextEvent !== null ? true : null;
}

/**
 * Rows of a query on as-of builds of several models; null when one is not there any more. That they are there is
 * seen by the same statement: after a crash of the database its tables are, but empty. Not prepared: it is read a few
 * times, and a connection keeps what was prepared on it for ever.
 */
export async function rowsOfAsOfBuilds<Row extends object>(
  pool: Db,
  builds: readonly AsOfBuild[],
  text: string,
  values: readonly unknown[],
): Promise<Row[] | null> {
  const numbers = builds.map(({ number }) => number);
  const schemas = builds.map((build) => ({ name: build.model, schema: asOfSchema(build) }));
  const complete = `
    select s.there as "_there", q.* from (
      select count(*) = ${numbers.length} as there from orderlog.as_of_builds
      where number in (${numbers.join(', ')}) and state = 'ready'
    ) s left join lateral (
      select true as "_row", answer.* from (${inSchemas(text, schemas)}) answer
    ) q on true`;
  try {
    const { rows } = await pool.query<Row & { readonly _there: boolean; readonly _row: true | null }>(complete, [
      ...values,
    ]);
    if (!rows[0]?._there) return null;
    return rows.flatMap(({ _there, _row, ...row }) => (_row ? [row as unknown as Row] : []));
  } catch (error) {
    if (!isUndefinedTable(error)) throw error;
    // Dropped by hand, it would be found again and again.
    await pool.query('delete from orderlog.as_of_builds where number = any ($1)', [numbers]);
    return null;
  }
}

/** Keeps it for longer. Not each time: who reads writes no more than once a second. */
export async function touch(pool: Db, number: number): Promise<void> {
  await pool.query({
    name: 'as-of-touch',
    text: `update orderlog.as_of_builds set used_at = clock_timestamp()
           where number = $1 and used_at < clock_timestamp() - interval '1 second'`,
    values: [number],
  });
}

/** Notes what the log says of the time after it. */
export async function noteReach(
  pool: Db,
  number: number,
  { holdsTo, nextEvent }: Pick<AsOfBuild, 'holdsTo' | 'nextEvent'>,
): Promise<void> {
  await pool.query(
    `update orderlog.as_of_builds set holds_to = greatest(holds_to, $2), next_event = coalesce(next_event, $3)
     where number = $1`,
    [number, holdsTo, nextEvent],
  );
}

export async function addAsOfBuild(db: Db, { name, version }: AsOfModel, at: Position): Promise<number> {
  const { rows } = await db.query<{ number: number }>(
    `insert into orderlog.as_of_builds (number, model, version, holds_to)
     values (nextval('orderlog.as_of_build_numbers'), $1, $2, $3) returning number`,
    [name, version, at],
  );
  return rows[0]?.number as number;
}

/** @throws Error when it was cleared away while it was made */
export async function setReady(
  db: Db,
  { number, model, position, events, rows, held }: Omit<AsOfBuild, 'holdsTo' | 'nextEvent'>,
  skipped: number,
): Promise<void> {
  const { rowCount } = await db.query(
    `update orderlog.as_of_builds
     set state = 'ready', position = $2, events = $3, row_count = $5, held = $6, skipped = $7,
         used_at = clock_timestamp(),
         bytes = (select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class
                  where relnamespace = $4::regnamespace and relkind = 'r')
     where number = $1 and state = 'building'`,
    [number, position, events, asOfSchema({ model, number }), rows, JSON.stringify(held), skipped],
  );
  if (rowCount === 0) throw new Error(`as-of build ${number} of ${model} was cleared away while it was made`);
}

export interface KeptAsOfBuilds {
  readonly model: string;
  readonly count: number;
  readonly bytes: number;
}

export async function keptAsOfBuilds(pool: Db): Promise<KeptAsOfBuilds[]> {
  const { rows } = await pool.query<KeptAsOfBuilds>(
    `select model, count(*) as count, sum(bytes)::bigint as bytes
     from orderlog.as_of_builds where state = 'ready' group by model`,
  );
  return rows;
}

export interface KeepAsOf {
  /** Since it was last used. */
  readonly keepSeconds: number;
  /** Of all together; beyond it, those go that were not used for longest. */
  readonly maxBytes: number;
}

/** A caller that has used it so lately may be about to read it: it stays, whatever the limits. */
const IN_USE = `used_at > clock_timestamp() - interval '10 seconds'`;

const TOO_MANY = `
  select number, model, used_at < clock_timestamp() - $1 * interval '1 second' as expired from (
    select number, model, used_at, sum(bytes) over (order by used_at desc, number desc) as together
    from orderlog.as_of_builds where state = 'ready'
  ) s
  where not ${IN_USE} and (used_at < clock_timestamp() - $1 * interval '1 second' or together > $2)
  order by used_at`;

/** Those whose time is over since their last use, or that make all together too large; those not used for longest first. */
export async function unusedAsOfBuilds(
  pool: Db,
  { keepSeconds, maxBytes }: KeepAsOf,
): Promise<{ number: number; model: string; expired: boolean }[]> {
  const { rows } = await pool.query<{ number: number; model: string; expired: boolean }>(TOO_MANY, [
    keepSeconds,
    maxBytes,
  ]);
  return rows;
}

/** What processes have left that were killed while they made one. Schemas without an entry are of a crash of the database, which empties the registry. */
export async function remainsOfAsOfBuilds(pool: Db): Promise<{ model: string; number: number }[]> {
  const { rows } = await pool.query<{ model: string; number: number }>(
    `select model, number from orderlog.as_of_builds where state = 'building'
     union
     select part[1], part[2]::bigint from pg_namespace, regexp_match(nspname, '^asof_(.+?)_(\\d+)(?:_staging)?$') as part
     where part is not null and not exists (select from orderlog.as_of_builds s where s.number = part[2]::bigint)`,
  );
  return rows;
}

/** What an as-of build must be to be dropped. */
const DROPPABLE = { unused: `not (${IN_USE})`, unfinished: `state = 'building'` };
export type DroppableAsOf = keyof typeof DROPPABLE;

/** @returns false when it is not so any more. Without an entry there is nothing to keep: true */
export async function deleteAsOfBuild(client: Db, number: number, when: DroppableAsOf): Promise<boolean> {
  const { rows } = await client.query<{ so: boolean }>(
    `select ${DROPPABLE[when]} as so from orderlog.as_of_builds where number = $1 for update`,
    [number],
  );
  if (rows[0]?.so === false) return false;
  await client.query('delete from orderlog.as_of_builds where number = $1', [number]);
  return true;
}

export async function deleteAllAsOfBuilds(client: Db): Promise<void> {
  await client.query('delete from orderlog.as_of_builds');
}
