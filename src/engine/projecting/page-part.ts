import type { BulkPath } from '../builds/bulk.js';
import type { ProjectedEvent, ProjectionCache, ProjectionDb } from './projection.js';

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
