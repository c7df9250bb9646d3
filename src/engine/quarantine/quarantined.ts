/**
 * The tables of quarantined keys and of skipped events (docs/decisions/0012). Every statement on them is here; for statements on
 * several tables this file has the part that names them.
 */
import type pg from 'pg';
import type { Position } from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';
import { type BuildId, entryOf } from '../builds/registry.js';
import { setQuarantined } from '../projecting/checkpoints.js';
import type { AnyProjection } from '../projecting/projection.js';
import { Quarantine, type QuarantinedEvent } from './quarantine.js';

type Db = Pick<pg.ClientBase, 'query'>;

/** As committed. */
export async function quarantineOf(
  db: Db,
  of: BuildId,
  { keyedBy }: Pick<AnyProjection, 'keyedBy'>,
): Promise<Quarantine> {
  return new Quarantine(keyedBy, await quarantinedIn(db, of), await skippedOf(db, of.name));
}

/** What a build of a model has before its first event: only what was skipped is left out. */
export async function newQuarantine(
  db: Db,
  { name, keyedBy }: Pick<AnyProjection, 'name' | 'keyedBy'>,
): Promise<Quarantine> {
  return new Quarantine(keyedBy, [], await skippedOf(db, name));
}

/** An entry of the quarantine. */
export type QuarantineEntry = QuarantinedEvent & { readonly since: string };

export async function quarantinedIn(db: Db, { name, build }: BuildId): Promise<QuarantineEntry[]> {
  const { rows } = await db.query<QuarantineEntry>(
    `select stream, revision, position, type, message, since from orderlog.quarantine
     where model = $1 and build = $2 order by position`,
    [name, build],
  );
  return rows;
}

/** An event that no build of the model takes. */
export interface Skip extends Pick<RecordedEvent, 'stream' | 'revision' | 'position'> {
  readonly model: string;
}

export type Skipped = QuarantinedEvent & { readonly reason: string; readonly skipped_at: string };

/** Events that no build of the model takes any more, and why. */
export async function skippedOf(db: Db, model: string): Promise<Skipped[]> {
  const { rows } = await db.query<Skipped>(
    `select stream, revision, position, type, message, reason, skipped_at from orderlog.skipped_events
     where model = $1 order by position`,
    [model],
  );
  return rows;
}

/** In the transaction that lets the build continue behind the event. */
export async function writeSkipped(
  db: Db,
  model: string,
  { stream, revision, position, type, message }: QuarantinedEvent,
  reason: string,
): Promise<void> {
  await db.query(
    `insert into orderlog.skipped_events (model, stream, revision, position, type, message, reason)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [model, stream, revision, position, type, message, reason],
  );
}

/** Writes entries, and how many there are; in the transaction that moves the checkpoint. */
export async function writeQuarantined(
  db: Db,
  { name, build }: BuildId,
  held: readonly QuarantinedEvent[],
): Promise<void> {
  if (held.length === 0) return;
  await db.query(
    `insert into orderlog.quarantine (model, build, stream, revision, position, type, message)
     select $1, $2, h.stream, h.revision, h.position, h.type, h.message
     from json_to_recordset($3) h (stream text, revision integer, position text, type text, message text)
     on conflict (model, build, stream) do update
     set revision = excluded.revision, position = excluded.position, type = excluded.type, message = excluded.message`,
    [name, build, JSON.stringify(held)],
  );
  await countQuarantined(db, { name, build });
}

export function countQuarantined(db: Db, of: BuildId): Promise<void> {
  return setQuarantined(db, of, 'select count(*) from orderlog.quarantine where model = $1 and build = $2');
}

/** @param streams of the entries; all of them if left out */
export async function deleteQuarantined(db: Db, of: BuildId, streams?: readonly string[]): Promise<void> {
  await db.query(
    'delete from orderlog.quarantine where model = $1 and build = $2 and ($3::text[] is null or stream = any ($3))',
    [of.name, of.build, streams ?? null],
  );
}

/**
 * The first key that is quarantined in a build at an event which has taken effect in one of these, and how many more there are.
 * @param live builds of the same model, with their checkpoints
 */
export async function firstWorse(
  db: Db,
  { name, build }: BuildId,
  live: readonly { readonly build: number; readonly position: Position }[],
): Promise<(Pick<QuarantinedEvent, 'stream' | 'revision' | 'message'> & { readonly more: number }) | null> {
  const { rows } = await db.query<{ stream: string; revision: number; message: string; more: number }>(
    `select q.stream, q.revision, q.message, count(*) over () - 1 as more
     from orderlog.quarantine q
     where q.model = $1 and q.build = $2 and exists (
       select from unnest($3::integer[], $4::text[]) live (build, position)
       where live.position collate "C" >= q.position and not exists (
         select from orderlog.quarantine own
         where own.model = q.model and own.build = live.build and own.stream = q.stream and own.revision <= q.revision
       )
     )
     order by q.position limit 1`,
    [name, build, live.map((one) => one.build), live.map(({ position }) => position)],
  );
  return rows[0] ?? null;
}

/** Of all models. */
export async function allSkips(db: Db): Promise<Skip[]> {
  const { rows } = await db.query<Skip>('select model, stream, revision, position from orderlog.skipped_events');
  return rows;
}

export async function deleteSkip(db: Db, { model, stream, revision }: Skip): Promise<void> {
  await db.query('delete from orderlog.skipped_events where model = $1 and stream = $2 and revision = $3', [
    model,
    stream,
    revision,
  ]);
}

/** Part of a statement: how many entries the build of the checkpoint `c` has of a key. @param stream of the key */
export function quarantinedOf(stream: string): string {
  return `(
        select count(*)::integer from orderlog.quarantine h
        where h.model = c.model and h.build = c.build and h.stream = ${stream}
      )`;
}

/** Part of a statement: the position of the first event that waits in the build of the checkpoint `c`; null if none does. */
export const FIRST_WAITING = `case when c.quarantined > 0 then (
        select min(h.position) from orderlog.quarantine h where h.model = c.model and h.build = c.build) end`;

/** Part of a statement: a query of the streams that are quarantined in a build. */
export function quarantinedStreams({ name, build }: BuildId): string {
  return `(select stream from orderlog.quarantine where model = '${name}' and build = ${build})`;
}

/** Part of a statement: whether a key is quarantined at this revision in an active build of the model. */
export function isQuarantinedLive(model: string, stream: string, revision: string): string {
  return `exists (
    select from orderlog.quarantine q join ${entryOf('q')}
    where q.model = ${model} and b.state = 'active' and q.stream = ${stream} and q.revision = ${revision})`;
}

/** Part of a statement: how many events of a model up to a position are skipped. */
export function skippedUpTo(model: string, position: string): string {
  return `(select count(*) from orderlog.skipped_events k where k.model = ${model} and k.position <= ${position})`;
}

/** Part of a statement: whether an event is skipped. @param event with stream and revision. @param model any if left out */
export function isSkipped(event: string, model?: string): string {
  const ofModel = model === undefined ? '' : `s.model = ${model} and `;
  return `exists (
    select from orderlog.skipped_events s where ${ofModel}s.stream = ${event}.stream and s.revision = ${event}.revision)`;
}
