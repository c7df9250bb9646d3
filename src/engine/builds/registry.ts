/**
 * The registry of builds (docs/decisions/0010): which there are of each read model, and which of them is read. Every statement on its
 * table is here; for statements on several tables this file has the part that names it.
 */
import type pg from 'pg';

type Db = Pick<pg.ClientBase, 'query'>;

/** One making of a read model: n of its schema `rm_<model>_v<n>`, and of its checkpoint. */
export interface BuildId {
  readonly name: string;
  readonly build: number;
}

export interface Build extends BuildId {
  /** Of the projection that made it and writes it. */
  readonly version: number;
  /**
   * building: a candidate that lacks rows; ready: a candidate that can become active; active: read by processes of its version, and
   * by newer ones as long as these have none of their own; standby: the active one before, which still follows the log.
   */
  readonly state: 'building' | 'ready' | 'active' | 'standby';
  /** When it may be dropped; null while it is needed. An active one has an end when a newer version is served. */
  readonly keptUntil: string | null;
}

/** What it takes to find the build that a projection's queries read. */
export interface Readable {
  readonly name: string;
  readonly version: number;
  readonly oldestReadable?: number;
}

/** Builds of these states follow the log. */
export const FOLLOWING: readonly Build['state'][] = ['active', 'standby'];

/** Tells all processes whose builds have changed in the registry; without a name, that a lease is free. */
export const BUILDS_CHANNEL = 'orderlog_builds';

/** The number of the build that is read: part of any statement, and so of its snapshot. */
export function currentBuild({ name, version, oldestReadable = version }: Readable): string {
  return `(select b.number from orderlog.builds b
     where b.model = '${name}' and b.state = 'active' and b.version between ${oldestReadable} and ${version}
     order by b.version desc limit 1)`;
}

/** Part of a statement: joins the entry of the build that a row `of` is about, as `b`. */
export function entryOf(of: string): string {
  return `orderlog.builds b on b.model = ${of}.model and b.number = ${of}.build`;
}

export async function allBuilds(db: Db): Promise<Build[]> {
  const { rows } = await db.query<Build>({
    name: 'builds-all',
    text: `select model as name, number as build, version, state, kept_until as "keptUntil"
           from orderlog.builds order by model, number`,
  });
  return rows;
}

/** With the times of its life. */
export interface DatedBuild extends Build {
  readonly madeAt: string;
  /** When it became active the last time; null if it never did. */
  readonly switchedAt: string | null;
}

export async function datedBuilds(db: Db): Promise<DatedBuild[]> {
  const { rows } = await db.query<DatedBuild>({
    name: 'builds-dated',
    text: `select model as name, number as build, version, state, kept_until as "keptUntil",
             made_at as "madeAt", switched_at as "switchedAt"
           from orderlog.builds order by model, number`,
  });
  return rows;
}

/** Those of a model that processes of this version may read, or of older versions if they have none of their own. */
export async function activeBuilds(db: Db, name: string, version: number): Promise<Build[]> {
  const builds = await allBuilds(db);
  return builds.filter((one) => one.name === name && one.state === 'active' && one.version <= version);
}

/** Of a model's builds the one that processes of this projection read; null if there is none. */
export function readBuild(
  builds: readonly Build[],
  { name, version, oldestReadable = version }: Readable,
): Build | null {
  const readable = builds.filter(
    (one) => one.name === name && one.state === 'active' && one.version >= oldestReadable && one.version <= version,
  );
  return readable.sort((one, other) => other.version - one.version)[0] ?? null;
}

/** Serializes what changes the registry for a model, until the transaction is over. */
export async function lockModel(client: pg.ClientBase, name: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtext($1))', [`orderlog:rm:${name}`]);
}

/**
 * A new entry with a number that no build of the model has, nor a schema that was left behind.
 * @param schemas pattern of the model's schemas
 */
export async function addBuild(
  client: pg.ClientBase,
  { name, version }: Readable,
  state: 'building' | 'active',
  schemas: string,
): Promise<BuildId> {
  const { rows } = await client.query<{ build: number }>(
    `insert into orderlog.builds (model, number, version, state, switched_at)
     select $1, 1 + greatest(
         (select max(number) from orderlog.builds where model = $1),
         (select max(substring(nspname from '_v(\\d+)$')::int) from pg_namespace where nspname ~ $4), 0),
       $2, $3, case when $3 = 'active' then clock_timestamp() end
     returning number as build`,
    [name, version, state, schemas],
  );
  return { name, build: rows[0]?.build as number };
}

/** A candidate has all its rows. @param together another part of the statement, on `$1` and `$2`. @returns false when it is gone */
export async function setBuilt(db: Db, { name, build }: BuildId, together: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `with ${together}
     update orderlog.builds set state = 'ready' where model = $1 and number = $2 and state = 'building'`,
    [name, build],
  );
  return rowCount !== 0;
}

export async function isSwitchable(db: Db, { name, build, version }: BuildId & Readable): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from orderlog.builds where model = $1 and number = $2 and version = $3 and state in ('ready', 'standby')`,
    [name, build, version],
  );
  return rowCount !== 0;
}

/**
 * Makes a build the active one, and those before it standbys for a while.
 * @param useless builds that nobody can go back to
 */
export async function activate(
  client: pg.ClientBase,
  { name, build, version }: BuildId & Readable,
  { keepSeconds, useless }: { readonly keepSeconds: number; readonly useless: readonly number[] },
): Promise<void> {
  // The time of an earlier standby is over.
  await client.query(
    `update orderlog.builds set kept_until = clock_timestamp()
     where model = $1 and version = $2 and state = 'standby' and number <> $3`,
    [name, version, build],
  );
  await client.query(
    `update orderlog.builds set state = case when version = $2 then 'standby' else state end,
       kept_until = clock_timestamp() + make_interval(secs => case when number = any ($4) then 0 else $3 end)
     where model = $1 and version <= $2 and state = 'active'`,
    [name, version, keepSeconds, useless],
  );
  await client.query(
    `update orderlog.builds set state = 'active', switched_at = clock_timestamp(), kept_until = null
     where model = $1 and number = $2`,
    [name, build],
  );
  await client.query('select pg_notify($1, $2)', [BUILDS_CHANNEL, name]);
}

/** The number of the build that was active before the last switch, as long as its time is not over; null if there is none. */
export async function lastStandby(db: Db, { name, version }: Readable): Promise<number | null> {
  const { rows } = await db.query<{ build: number }>(
    `select number as build from orderlog.builds
     where model = $1 and version = $2 and state = 'standby' and kept_until > clock_timestamp()
     order by switched_at desc limit 1`,
    [name, version],
  );
  return rows[0]?.build ?? null;
}

/** Those whose time is over: standbys, and what is of an older version than these projections. */
export async function expiredBuilds(
  db: Db,
  projections: readonly Readable[],
): Promise<readonly (BuildId & Pick<Build, 'state'>)[]> {
  const { rows } = await db.query<BuildId & Pick<Build, 'state'>>({
    name: 'builds-expired',
    text: `select b.model as name, b.number as build, b.state
           from orderlog.builds b
           join unnest($1::text[], $2::integer[]) as own (model, version) on own.model = b.model
           where b.kept_until < clock_timestamp() and (b.state = 'standby' or b.version < own.version)`,
    values: [projections.map(({ name }) => name), projections.map(({ version }) => version)],
  });
  return rows;
}

/** What a build must be to be dropped. */
const DROPPABLE = {
  expired: 'kept_until < clock_timestamp()',
  loading: `state = 'building'`,
  candidate: `state in ('building', 'ready')`,
  'not active': `state <> 'active'`,
};
export type Droppable = keyof typeof DROPPABLE;

/** @returns false when it is not so any more */
export async function deleteBuild(db: Db, { name, build }: BuildId, when: Droppable): Promise<boolean> {
  const { rowCount } = await db.query(
    `delete from orderlog.builds where model = $1 and number = $2 and (${DROPPABLE[when]})`,
    [name, build],
  );
  return rowCount !== 0;
}

export async function deleteAllBuilds(db: Db): Promise<void> {
  await db.query('delete from orderlog.builds');
}
