/**
 * What the log itself must keep to: the streams have no gap, and hold what this release knows. And what a crash may leave in it:
 * claims that no owner confirms.
 */
import type pg from 'pg';
import { type Filter, matches } from '../core/event-store.js';
import { type JsonObject, objectOf, type RecordedEvent } from '../core/message.js';
import type { CopiedRows } from '../builds/bulk.js';
import type { Witness } from '../builds/load.js';
import type { ClaimKind } from '../claims/kind.js';
import { isSkipped } from '../quarantine/quarantined.js';
import { type KnownStreams, unknownIn } from './known-types.js';
import type { Scratch } from './scratch.js';

interface Run {
  readonly first: number;
  last: number;
  count: number;
}

interface Claim {
  readonly nth: number;
  /** Null once it is released. */
  readonly owner: string | null;
}

/** Events of one type in streams of one category. */
export interface UnknownType extends Pick<RecordedEvent, 'stream' | 'revision' | 'type'> {
  readonly events: number;
}

export interface Reader {
  readonly model: string;
  readonly category: string;
}

export interface GapFinding {
  readonly stream: string;
  readonly message: string;
}

const MOST = 100;
/** What a witness has to know of the application's own streams. */
export interface WitnessedStreams {
  readonly known: KnownStreams;
  readonly claims: readonly ClaimKind[];
  /** Ids that an event's data give to what lies outside of the log, such as documents. */
  readonly references: (data: JsonObject) => readonly string[];
}

export class LogWitness implements Witness {
  readonly schema: string;
  readonly staging: string;
  #runs = new Map<string, Run>();
  #claims = new Map<string, Claim>();
  #references: string[] = [];
  #unknown: RecordedEvent[] = [];

  /** What others keep on the same server proves nothing. */
  readonly #ours: Filter;
  readonly #isUnknown: ReturnType<typeof unknownIn>;
  readonly #claimed: ReadonlySet<string>;
  readonly #released: ReadonlySet<string>;

  constructor(
    { prefix }: Scratch,
    readonly streams: WitnessedStreams,
    /** Sees what this one sees. */
    readonly seals: Pick<Witness, 'see'> | null = null,
  ) {
    this.#ours = { streamPrefixes: [...Object.keys(streams.known), 'log'].map((category) => `${category}-`) };
    this.#isUnknown = unknownIn(streams.known);
    this.#claimed = new Set(streams.claims.map(({ claimed }) => claimed));
    this.#released = new Set(streams.claims.map(({ released }) => released));
    this.schema = this.staging = `${prefix}_log`;
  }

  async makeTables(pool: pg.Pool): Promise<void> {
    await pool.query(`
      create schema ${this.schema};
      create unlogged table ${this.schema}.runs (stream text collate "C", first bigint, last bigint, count bigint);
      create unlogged table ${this.schema}.claims (stream text collate "C", nth bigint, owner text collate "C");
      create unlogged table ${this.schema}.refs (id text collate "C");
      create unlogged table ${this.schema}.unknown
        (stream text collate "C", revision bigint, position text collate "C", type text)`);
  }

  see(event: RecordedEvent): void {
    this.seals?.see(event);
    const { stream, revision, type } = event;
    if (!matches(event, this.#ours)) return;
    const data = objectOf(event.data);
    const run = this.#runs.get(stream);
    if (run && revision === run.last + 1) {
      run.last = revision;
      run.count += 1;
    } else if (run) {
      // Whatever it is, the sum will not come out.
      run.last = Math.max(run.last, revision);
      run.count += 2;
    } else this.#runs.set(stream, { first: revision, last: revision, count: 1 });
    if (this.#claimed.has(type)) {
      this.#claims.set(stream, { nth: revision, owner: data['owner'] as string });
    } else if (this.#released.has(type)) {
      this.#claims.set(stream, { nth: revision, owner: null });
    }
    this.#references.push(...this.streams.references(data));
    if (this.#isUnknown(event)) this.#unknown.push(event);
  }

  rows(): readonly CopiedRows[] {
    const [runs, claims, references, unknown] = [this.#runs, this.#claims, this.#references, this.#unknown];
    this.#runs = new Map();
    this.#claims = new Map();
    this.#references = [];
    this.#unknown = [];
    return [
      {
        table: '{staging}.runs',
        columns: ['stream', 'first', 'last', 'count'],
        rows: [...runs].map(([stream, { first, last, count }]) => [stream, first, last, count]),
      },
      {
        table: '{staging}.claims',
        columns: ['stream', 'nth', 'owner'],
        rows: [...claims].map(([stream, { nth, owner }]) => [stream, nth, owner]),
      },
      { table: '{staging}.refs', columns: ['id'], rows: references.map((id) => [id]) },
      {
        table: '{staging}.unknown',
        columns: ['stream', 'revision', 'position', 'type'],
        rows: unknown.map(({ stream, revision, position, type }) => [stream, revision, position, type]),
      },
    ];
  }

  async gaps(pool: pg.Pool): Promise<GapFinding[]> {
    const { rows } = await pool.query<GapFinding>(`
      select stream, 'its revisions end at ' || max(last) || ', but they are not just those from 0 on' as message
      from ${this.schema}.runs group by stream
      having min(first) <> 0 or sum(count) <> max(last) + 1 limit ${MOST}`);
    return rows;
  }

  /**
   * The types that this release does not know, each with the first of its events; but for events that were skipped with a reason,
   * and by all of these that read them.
   */
  async unknownTypes(pool: pg.Pool, readers: readonly Reader[]): Promise<UnknownType[]> {
    const { rows } = await pool.query<UnknownType>(
      `select distinct on (split_part(stream, '-', 1), type) stream, revision, type,
         count(*) over (partition by split_part(stream, '-', 1), type) as events
       from ${this.schema}.unknown u
       where not ${isSkipped('u')} or exists (
         select from unnest($1::text[], $2::text[]) reader (model, category)
         where reader.category = split_part(u.stream, '-', 1) and not ${isSkipped('u', 'reader.model')})
       order by split_part(stream, '-', 1), type, position limit ${MOST}`,
      [readers.map(({ model }) => model), readers.map(({ category }) => category)],
    );
    return rows;
  }

  /**
   * Claims that the owner as replayed does not confirm. A registration may be under way.
   * @param owners a query for `stream` and `owner` of confirmed claims
   */
  async unconfirmedClaims(pool: pg.Pool, kind: string, owners: string): Promise<string[]> {
    const { rows } = await pool.query<{ stream: string; owner: string }>(`
      select c.stream, c.owner from (
        select distinct on (stream) stream, owner from ${this.schema}.claims
        where starts_with(stream, '${kind}-') order by stream, nth desc
      ) c
      where c.owner is not null and not exists (select from (${owners}) o where o.stream = c.stream and o.owner = c.owner)
      limit ${MOST}`);
    return rows.map(({ stream, owner }) => `the claim ${stream} is not confirmed by ${owner}`);
  }

  /** Of these ids those that no event refers to. */
  async unnamed(pool: pg.Pool, ids: readonly string[]): Promise<string[]> {
    const { rows } = await pool.query<{ id: string }>(
      `select id from unnest($1::text[]) as there (id)
       where not exists (select from ${this.schema}.refs r where r.id = there.id) limit ${MOST}`,
      [ids],
    );
    return rows.map(({ id }) => id);
  }
}
