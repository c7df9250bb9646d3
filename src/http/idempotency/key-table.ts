/** Every statement on `orderlog.idempotency_keys`. Those of requests take many keys at once. */
import type pg from 'pg';
import { postgres } from '../../engine/index.js';

export interface KeyToClaim {
  readonly commandId: string;
  readonly fingerprint: string;
  /** Whom the request is about, as far as it says so. */
  readonly userId: string | null;
}

export interface ResponseToStore {
  readonly commandId: string;
  /** Whom the response is about, where it says so. */
  readonly userId: string | null;
  readonly response: string;
}

/** A key that somebody else was first to claim. */
export interface KeyRow {
  readonly command_id: string;
  readonly fingerprint: string;
  readonly held_by: number;
  readonly user_id: string | null;
  /** Null: not answered yet. */
  readonly response: string | null;
  /** Not answered yet, and another process that lives has it. */
  readonly is_running: boolean;
}

/** There is a row, but this statement can't see it yet. */
interface UnseenRow {
  readonly command_id: string;
  readonly fingerprint: null;
}

type Query = <Row extends pg.QueryResultRow>(statement: pg.QueryConfig) => Promise<readonly Row[]>;

const ROW = `
  k.fingerprint, k.held_by, k.user_id, k.response,
  case when k.response is null and k.held_by <> $4::integer then exists (
    select from pg_locks l
    where l.locktype = 'advisory' and l.classid = ${postgres.locks.processes} and l.objid = k.held_by::oid and l.objsubid = 2 and l.granted
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
  ) else false end as is_running`;

export class KeyTable {
  constructor(
    private readonly query: Query,
    private readonly processNumber: number,
  ) {}

  /** @returns for each key null if it is claimed now, otherwise its row; 'unseen' where asking again will tell */
  readonly claim = async (keys: readonly KeyToClaim[]): Promise<(KeyRow | 'unseen' | null)[]> => {
    const rows = await this.query<KeyRow | UnseenRow>({
      name: 'idempotency-claim',
      text: `
        with asked as (
          select * from unnest($1::uuid[], $2::text[], $3::uuid[]) as a (command_id, fingerprint, user_id)
        ), made as (
          insert into orderlog.idempotency_keys (command_id, fingerprint, user_id, held_by)
          select command_id, fingerprint, user_id, $4::integer from asked order by command_id
          on conflict do nothing
          returning command_id
        )
        select a.command_id, ${ROW}
        from asked a left join orderlog.idempotency_keys k on k.command_id = a.command_id
        where a.command_id not in (select command_id from made)`,
      values: [
        postgres.plainArray(keys.map((key) => key.commandId)),
        postgres.textArray(keys.map((key) => key.fingerprint)),
        postgres.plainArray(keys.map((key) => key.userId)),
        this.processNumber,
      ],
    });
    return inOrderOf(keys, rows, 'unseen');
  };

  /** @returns whether the key of a process that died, or of nobody's request here, is now this request's */
  async takeOver({ commandId, fingerprint, userId }: KeyToClaim, heldBy: number): Promise<boolean> {
    const rows = await this.query({
      name: 'idempotency-take-over',
      text: `
        update orderlog.idempotency_keys
        set held_by = $5, fingerprint = $3, user_id = $4, claimed_at = now()
        where command_id = $1 and held_by = $2 and response is null
        returning command_id`,
      values: [commandId, heldBy, fingerprint, userId, this.processNumber],
    });
    return rows.length > 0;
  }

  /** @returns for each response null if it is stored; otherwise its key is not this process's any more: its row, 'gone' if none */
  readonly store = async (responses: readonly ResponseToStore[]): Promise<(KeyRow | 'gone' | null)[]> => {
    const rows = await this.query<KeyRow | UnseenRow>({
      name: 'idempotency-store',
      text: `
        with told as (
          select * from unnest($1::uuid[], $2::uuid[], $3::text[]) as t (command_id, user_id, response)
        ), stored as (
          update orderlog.idempotency_keys k set response = t.response, user_id = coalesce(t.user_id, k.user_id)
          from told t where k.command_id = t.command_id and k.held_by = $4 and k.response is null
          returning k.command_id
        )
        select t.command_id, ${ROW}
        from told t left join orderlog.idempotency_keys k on k.command_id = t.command_id
        where t.command_id not in (select command_id from stored)`,
      values: [
        postgres.plainArray(responses.map((one) => one.commandId)),
        postgres.plainArray(responses.map((one) => one.userId)),
        postgres.textArray(responses.map((one) => one.response)),
        this.processNumber,
      ],
    });
    return inOrderOf(responses, rows, 'gone');
  };

  /** Gives up claims of this process that have no response. */
  async free(commandIds: readonly string[]): Promise<void> {
    await this.query({
      name: 'idempotency-free',
      text: `
        delete from orderlog.idempotency_keys
        where command_id = any($1::uuid[]) and held_by = $2 and response is null`,
      values: [commandIds, this.processNumber],
    });
  }

  /** Drops a response that nobody can read any more. */
  async drop({ command_id, response }: Pick<KeyRow, 'command_id' | 'response'>): Promise<void> {
    await this.query({
      name: 'idempotency-drop',
      text: 'delete from orderlog.idempotency_keys where command_id = $1 and response = $2',
      values: [command_id, response],
    });
  }
}

function inOrderOf<Unseen>(
  keys: readonly { readonly commandId: string }[],
  rows: readonly (KeyRow | UnseenRow)[],
  unseen: Unseen,
): (KeyRow | Unseen | null)[] {
  const found = new Map(rows.map((row) => [row.command_id, row]));
  return keys.map(({ commandId }) => {
    const row = found.get(commandId);
    if (!row) return null;
    return row.fingerprint === null ? unseen : row;
  });
}

/** A response comes within this of its claim: so much longer a row is kept, that the response is not kept too short. */
const LONGEST_COMMAND_SECONDS = 600;

/** Deletes one batch of rows that were kept long enough, unless another process is doing that. @returns how many */
export async function sweepKeys(pool: pg.Pool, keepSeconds: number, most: number): Promise<number> {
  const { rowCount } = await pool.query(
    `with turn as materialized (
       select pg_try_advisory_xact_lock(${postgres.locks.processes}, 0) as is_ours
     ), old as (
       select k.command_id from turn, orderlog.idempotency_keys k
       where turn.is_ours and k.claimed_at < now() - make_interval(secs => $1)
       order by k.claimed_at limit $2
       for update of k skip locked
     )
     delete from orderlog.idempotency_keys k using old where k.command_id = old.command_id`,
    [keepSeconds + LONGEST_COMMAND_SECONDS, most],
  );
  return rowCount ?? 0;
}

/**
 * Drops what was answered to requests that are about a user: those whose path, body or response names the user. Claims of running
 * requests stay; they hold nothing personal, and their responses are sealed with the user's key, which is destroyed afterwards.
 */
export async function dropResponsesOf(pool: pg.Pool, userId: string): Promise<void> {
  await pool.query('delete from orderlog.idempotency_keys where user_id = $1 and response is not null', [userId]);
}
