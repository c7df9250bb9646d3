/**
 * A projection: which events make which rows. Declared once; the projector runs it, and whatever has to prove or remake
 * a read model runs the same declaration.
 */
import type { EventType, EventTypes } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import type { Bulk, CopiedRows } from '../builds/bulk.js';
import type { ProjectedEvent, ProjectionCache, ProjectionDb } from './page-part.js';

export interface EventHandler<Page> {
  readonly eventType: EventType;
  apply(this: void, page: Page, event: ProjectedEvent): void;
}

/** Counts again from the events, by another computation, what the rows of a model say; `{proof}` stands for the schema of its tables. */
export interface Proof {
  /** Its name among the checks. */
  readonly check: string;
  /** DDL of the tables for what it notes. */
  readonly tables: string;
  begin(this: void): ProofNotes;
  /** A query for `message` and `note`: whether it is a note or a finding. `{schema}` stands for the schema of the model's rows. */
  readonly results: string;
}

export interface ProofNotes {
  /** Sees every event up to the position of the model, of whatever stream and type. */
  see(event: RecordedEvent): void;
  /** Of what it has seen since it was last asked. */
  rows(): readonly CopiedRows[];
}

export interface Projection<Page> {
  /** Also the name of the read model. */
  readonly name: string;
  /** Bumped with every change of tables or handlers: a build of an older version is not written, and replaced. */
  readonly version: number;
  /** The oldest version whose tables the queries of today can read: such a build serves until a new one is ready. */
  readonly oldestReadable?: number;
  /** What the read model ('') is for, and its tables ('orders') and columns ('orders.total'), where a page describes the database. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** The tables it owns. */
  readonly tables: readonly string[];
  /**
   * The categories of streams that it reads, and which event types are known there. What is known and has no handler is passed
   * over; what is not known can't be applied, and is never passed over.
   */
  readonly reads: { readonly [category: string]: EventTypes };
  /**
   * Categories of streams whose events concern their own thing alone: one that can't be applied holds up its stream and nothing
   * else. An event of any other stream stops the projection.
   */
  readonly keyedBy?: readonly string[];
  /**
   * The claims that its rows confirm, by stream category: a query for `stream`, that of the claim, and `owner`, the stream of the
   * owner as it is in the rows. Verification notes the claims of these categories that are not among them.
   */
  readonly confirmedClaims?: readonly { readonly category: string; readonly owners: string }[];
  /** What verification checks beside the comparison of rows. */
  readonly proof?: Proof;
  /** DDL for an existing empty schema, `{schema}` standing for it. */
  readonly ddl: string;
  /** DDL of keys and indexes, which a bulk load makes after it; those that are not in `ddl`. */
  readonly indexes?: string;
  /** How to make all rows at once; without it a rebuild goes event by event. */
  readonly bulk?: Bulk;
  /** By event type. */
  readonly handlers: { readonly [type: string]: EventHandler<Page> };
  /** Reads what the page's events touch, set by set, into the page's working state. */
  open(this: void, events: readonly ProjectedEvent[], db: ProjectionDb, cache: ProjectionCache): Promise<Page>;
  /** Writes what the handlers changed, set by set. */
  flush(this: void, page: Page, db: ProjectionDb): Promise<void>;
}

/** Any projection, as the projector sees it: what a page is in memory is the projection's own affair. */
export type AnyProjection = Projection<unknown>;

/** The schema of a build of a read model. */
export function schemaName(name: string, build: number): string {
  return `rm_${name.replaceAll('-', '_')}_v${build}`;
}

/** Puts the schemas into a statement: `{schema}` stands for that of the first model, `{schema:name}` for that of each. */
export function inSchemas(text: string, models: readonly { readonly name: string; readonly schema: string }[]): string {
  const own = text.replaceAll('{schema}', models[0]?.schema ?? '');
  return models.reduce((complete, { name, schema }) => complete.replaceAll(`{schema:${name}}`, schema), own);
}
