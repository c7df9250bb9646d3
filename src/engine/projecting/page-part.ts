/** What a projection works on while it is applied: its page, the parts of that, and the statements on its tables. */
import type { Bulk, BulkPath, RowSource } from '../builds/bulk.js';
import type { EventType, StoredFact } from '../core/event-type.js';
import type { Envelope } from '../core/message.js';

/** Statements on the tables of one read model, inside the page's transaction. */
export interface ProjectionDb {
  /**
   * Runs a named prepared statement. `{schema}` in the text stands for the read model's schema; the same name always
   * goes with the same text.
   */
  query<Row extends object>(name: string, text: string, values?: readonly unknown[]): Promise<Row[]>;
  /**
   * As `query`, for what only writes: whether it has worked is known at the end of the page. What follows by `query` or `each` sees
   * it. Where nothing follows, all that was written goes out with the checkpoint as one statement: none of it sees the others, so no row
   * may be written by two of them.
   * @param must the rows that it must return, or the page fails
   */
  write(name: string, text: string, values: readonly unknown[], must?: Must): void;
  /**
   * As `query`, some thousand rows at a time: for what may be as much as the whole table. The rows are those of the moment of
   * the call, whatever is written meanwhile. One at a time.
   */
  each<Row extends object>(text: string, values?: readonly unknown[]): AsyncIterable<readonly Row[]>;
}

/** What a statement must find. */
export interface Must {
  readonly rows: number;
  /** What is wrong with other rows than these. */
  otherwise(this: void, found: readonly object[]): Error;
}

/** What a projection keeps in memory between pages, derived from its own tables; dropped when a page is rolled back. */
export type ProjectionCache = Map<string, unknown>;

/** An event as a projection gets it: decoded, with the current schema, personal fields sealed. */
export type ProjectedEvent = Envelope<StoredFact<EventType>>;

/**
 * A part of what handlers work on, with the tables that it is written to. It has two implementations, one for a live page and one
 * for a chunk of the bulk path; handlers use what both of them have.
 */
export interface PagePart<Live, Chunk = Live> {
  readonly tables: readonly string[];
  readonly ddl: string;
  readonly indexes: string;
  /** Reads what the page's events touch. */
  open(this: void, events: readonly ProjectedEvent[], db: ProjectionDb, cache: ProjectionCache): Promise<Live> | Live;
  flush(this: void, live: Live, db: ProjectionDb): Promise<void>;
  readonly bulk: Omit<BulkPath<Chunk>, 'recounts'>;
}

export type PageParts = { readonly [name: string]: PagePart<unknown> };

/** The parts of a live page. */
export type LivePage<Parts extends PageParts> = {
  readonly [N in keyof Parts]: Parts[N] extends PagePart<infer Live, unknown> ? Live : never;
};

/** The parts as handlers see them: live, or of a chunk. */
export type PageOf<Parts extends PageParts> = {
  readonly [N in keyof Parts]: Parts[N] extends PagePart<infer Live, infer Chunk> ? Live | Chunk : never;
};

/** Tables beside those of the parts, made from them and not from events. */
export interface Derived<Live> {
  readonly tables: readonly string[];
  readonly ddl: string;
  readonly indexes: string;
  /** Around the writing of the parts, which `write` does. */
  flush(this: void, page: Live, db: ProjectionDb, write: () => Promise<void>): Promise<void>;
  /** The same rows at once, from those that the parts have at the end of a load. */
  readonly finish: Bulk['finish'];
  readonly sources: { readonly [table: string]: RowSource };
}
