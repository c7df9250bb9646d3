/** The engine's public names. Nothing outside of this folder imports deeper (test/architecture.test.ts). See README.md. */

// Deciding and recording
/** The rules of one thing: `decide`, `evolve`, `initialState`. */
export type { Decider } from './core/decider.js';
/**
 * A stream category: its name, its event types, its decider. And what the edge knows of a command. The caller makes one for each request:
 * `eventId` and `fingerprint` are the same when a request comes again under its key, and differ otherwise (`testContext` is an example).
 */
export type { CommandContext, StreamBinding } from './core/stream-access.js';
/** Carries commands out: loads, decides, appends. And what came of one: the state after it, and how far it was recorded. */
export { CommandHandler, type Outcome } from './core/command-handler.js';
/** For one stream that most commands need: folded once and kept. Commands run one by one, and each may lose a race and try again. */
export { CachedStream } from './core/cached-stream.js';
/** For a category of streams that many commands want at once: what waits on one is decided and appended together. May keep snapshots. */
export { HotStreams } from './streams/hot-streams.js';
/**
 * Declares what can happen, in the format in which the log stores it. `decode` reads an event of any schema version and leaves personal
 * fields sealed; `handler.open` opens them, too.
 */
export { decode, eventType, type EventTypes, type FactOf } from './core/event-type.js';
/** Turns the data of an event of one schema version into that of the next: `upcasters` of an event type, oldest first. */
export type { Upcaster } from './core/upcaster.js';
/** Who caused an event (`Actor`), an event as handlers get it (`Envelope`), and as the log has it (`RecordedEvent`). */
export type { Actor, Envelope, RecordedEvent } from './core/message.js';
/** `<category>-<id>`, and the id in it. */
export { streamId, streamName } from './core/stream.js';
/** What a rule throws: a stable code, a message, the parts of the input that are at fault. */
export { type Fault, Refusal } from './core/errors.js';
/** What else the engine throws, for `instanceof`. The `@throws` of each call says which. */
export { errors } from './errors.js';
/** The port to a log, and an event's number in it: `START` is before the first. Positions compare as texts, and mean nothing else. */
export { type EventStore, type Position, START } from './core/event-store.js';
/** The port to the keys of personal data. Where no event type has personal fields, the engine never calls it. */
export type { Sealed, Vault } from './core/vault.js';
/** A value that only one thing may have: its kind. `engine.claims` makes what takes and releases values of the kind. */
export { claimKind } from './claims/kind.js';
export type { Claims } from './claims/claims.js';
/** A map whose versions share their content: for states of many entries. */
export { PersistentMap } from './core/persistent-map.js';

// Projecting and reading
/** Columns of a keyed table, such as `column.text()`. */
export { column } from './projecting/columns.js';
/** A table with one row a stream: DDL, statements and both paths from one description. */
export { keyedTable, type RowOf } from './projecting/keyed-table.js';
/** Which events make which rows; the handlers are written once. */
export { defineProjection } from './projecting/define-projection.js';
export type { AnyProjection } from './projecting/projection.js';
/** For tables written by hand: the types of the live path (begin with `live.PagePart`), and of the bulk path (`bulk.BulkPath`). */
export type * as live from './projecting/page-part.js';
export type * as bulk from './builds/bulk.js';
/** How fresh an answer must be, queries on a read model, and what an answer is true for: position, and keys in quarantine. */
export type { Freshness, ReadModel, Standing } from './projecting/read-model.js';

// Reacting
/** Runs commands because of events, at least once each: what a crash leaves undone is finished. */
export { defineReactor } from './reacting/reactor.js';

// The engine and its operations
/** One object over a database, a log, projections and reactors: handler, read models, rebuild, verify, move, export. */
export { type Engine, openEngine } from './engine.js';
/** A log in a database or on a server of EventStoreDB, and what the server says of itself. */
export { eventStoreDb, openLog } from './log/open.js';
/** Work without an engine: the script of `asOfProcess`, which makes as-of builds, and putting exported tables into an empty database. */
export { apart } from './apart.js';
/** Pools, sessions and migrations, and where they connect to. */
export { postgres } from './postgres/postgres.js';
export type { Connection } from './postgres/session.js';
/** Is told how far long work is. */
export type { Progress } from './core/progress.js';
/** Bounds in bytes of answers, lists and events; how large a value is; and work on many things, so many at a time. */
export { bounds } from './bounds.js';
/** Text from outside, made safe to print, on a line or shortened. And lines, and counts of things. */
export { print } from './core/printable.js';
