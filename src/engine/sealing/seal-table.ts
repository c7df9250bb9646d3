/** Every statement on `orderlog.seals`. A row is never changed. */
import type pg from 'pg';
import type { Position } from '../core/position.js';
import { BLOCK_EVENTS, type Content } from './block.js';
import type { SignedSeal } from './seal.js';

/** A seal, with what its row holds of its events. */
export interface StoredSeal extends SignedSeal {
  /** Not made void by a later one. */
  readonly isInForce: boolean;
  /** Of its own events. */
  readonly digestsHash: Buffer;
  readonly timesHash: Buffer;
  /** Of all events of its block, up to its last one. */
  readonly blockDigestsHash: Buffer;
  readonly blockTimesHash: Buffer;
}

interface Row {
  readonly number: number;
  readonly log_id: string;
  readonly covers_after: number;
  readonly covers_through: number;
  readonly position: Position;
  readonly last_id: string | null;
  readonly categories: readonly string[];
  readonly chain: Buffer;
  readonly sealed_at: string;
  readonly public_key: string;
  readonly reason: string | null;
  readonly signature: Buffer;
}

const COLUMNS =
  'number, log_id, covers_after, covers_through, position, last_id, categories, chain, sealed_at, public_key, reason, signature';

/** A seal is void when a later one begins before its end. */
const SEALS = `(
  select s.*, coalesce(min(covers_after) over (
    order by number desc rows between unbounded preceding and 1 preceding) >= covers_through, true) as in_force
  from orderlog.seals s) s`;

export class SealTable {
  constructor(readonly pool: pg.Pool) {}

  async last(): Promise<SignedSeal | null> {
    const { rows } = await this.pool.query<Row>(`select ${COLUMNS} from orderlog.seals order by number desc limit 1`);
    return rows[0] ? sealOf(rows[0]) : null;
  }

  /** @returns false when another process has stored a seal of that number */
  async insert(seal: SignedSeal, { digests, times }: Content): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `insert into orderlog.seals (${COLUMNS}, digests, times)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict do nothing`,
      [
        ...[seal.number, seal.logId, seal.after, seal.through, seal.position, seal.lastId, seal.categories, seal.chain],
        ...[seal.sealedAt, seal.key, seal.reason, seal.signature, digests, times],
      ],
    );
    return rowCount === 1;
  }

  /** All of them in their order, with hashes in place of what they hold: so they fit into memory. */
  async all(): Promise<StoredSeal[]> {
    const { rows } = await this.pool.query<
      Row & { in_force: boolean; digests: Buffer; times: Buffer; block_digests: Buffer; block_times: Buffer }
    >(
      `select ${COLUMNS}, in_force, sha256(digests) as digests, sha256(times) as times,
         sha256(string_agg(digests, '') over block) as block_digests, sha256(string_agg(times, '') over block) as block_times
       from ${SEALS} window block as (partition by in_force, covers_after / ${BLOCK_EVENTS} order by number)
       order by number`,
    );
    return rows.map((row) => ({
      ...sealOf(row),
      isInForce: row.in_force,
      digestsHash: row.digests,
      timesHash: row.times,
      blockDigestsHash: row.block_digests,
      blockTimesHash: row.block_times,
    }));
  }

  async content(number: number): Promise<Content | null> {
    const { rows } = await this.pool.query<Content>('select digests, times from orderlog.seals where number = $1', [
      number,
    ]);
    return rows[0] ?? null;
  }

  /** What the seals in force hold of the events after one and up to another. */
  async contentBetween(after: number, through: number): Promise<Content[]> {
    const { rows } = await this.pool.query<Content>(
      `select digests, times from ${SEALS}
       where in_force and covers_after >= $1 and covers_through <= $2 order by number`,
      [after, through],
    );
    return rows;
  }

  /** The chain where a seal in force ends; null where none does. */
  async chainAt(events: number): Promise<Buffer | null> {
    const { rows } = await this.pool.query<{ chain: Buffer }>(
      `select chain from ${SEALS} where in_force and covers_through = $1 limit 1`,
      [events],
    );
    return rows[0]?.chain ?? null;
  }

  /** The seal in force, made of this log, that covers the position. */
  async covering(logId: string, position: Position): Promise<(SignedSeal & Content) | null> {
    return this.#one('log_id = $1 and position >= $2', [logId, position]);
  }

  /** The seal in force, made of another log, that holds the digest. */
  async holding(logId: string, digest: Buffer): Promise<(SignedSeal & Content) | null> {
    return this.#one('log_id <> $1 and position($2::bytea in digests) > 0', [logId, digest]);
  }

  async #one(condition: string, values: readonly unknown[]): Promise<(SignedSeal & Content) | null> {
    const { rows } = await this.pool.query<Row & Content>(
      `select ${COLUMNS}, digests, times from ${SEALS}
       where in_force and covers_through > covers_after and ${condition} order by number limit 1`,
      [...values],
    );
    const [row] = rows;
    return row ? { ...sealOf(row), digests: row.digests, times: row.times } : null;
  }
}

function sealOf(row: Row): SignedSeal {
  return {
    number: row.number,
    logId: row.log_id,
    after: row.covers_after,
    through: row.covers_through,
    position: row.position,
    lastId: row.last_id,
    categories: row.categories,
    chain: row.chain,
    sealedAt: row.sealed_at,
    key: row.public_key,
    reason: row.reason,
    signature: row.signature,
  };
}
