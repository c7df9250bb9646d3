/** The engine's public names. Nothing outside of this folder imports deeper (test/architecture.test.ts). See README.md. */

// Deciding and recording
/** The rules of one thing: `decide`, `evolve`, `initialState`. */
export type { Decider } from './core/decider.js';
/** A stream category (its name, its event types, its decider), and what the edge knows of a command. */
export type { CommandContext, StreamBinding } from './core/stream-access.js';
/** Carries commands out: loads, decides, appends. */
export { CommandHandler, type ExecuteOptions, type Outcome } from './core/command-handler.js';
/** A stream that most commands need, folded once and kept. */
export { CachedStream } from './core/cached-stream.js';
/** Streams that many commands want at once: what waits is decided together. And how their states are kept between processes. */
export { HotStreams } from './streams/hot-streams.js';
export type { SnapshotForm } from './streams/snapshots.js';
/** Declares what can happen, in the format in which the log stores it; reads an event of any schema version. */
export { decode, eventType, type EventTypes, type FactOf } from './core/event-type.js';
export type { Upcaster } from './core/upcaster.js';
/** An event as handlers get it, an event as the log has it, and who caused it. */
export type { Actor, Envelope, RecordedEvent } from './core/message.js';
/** `<category>-<id>`, and the id in it. */
export { streamId, streamName } from './core/stream.js';
/** What a rule throws: a stable code, a message, the parts of the input that are at fault. */
export { type Fault, Refusal } from './core/errors.js';
/** What the engine throws beside that, for `instanceof`. */
export { errors } from './errors.js';
/** The port to a log. */
export { type EventStore, type Position, START } from './core/event-store.js';
/** The port to the keys of personal data. */
export type { Sealed, Vault } from './core/vault.js';
/** A value that only one thing may have: its kind, and what takes and releases it. */
export { claimKind } from './claims/kind.js';
export type { Claims } from './claims/claims.js';
/** Integer ids, each given out once. */
export type { IdSequence } from './core/id-sequence.js';
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
/** For tables that are written by hand: the types of the live path, and those of the bulk path. */
export type * as live from './projecting/page-part.js';
export type * as bulk from './builds/bulk.js';
/** Queries on a read model, how fresh an answer must be, and what it is true for. */
export type { Freshness, ReadModel, Standing } from './projecting/read-model.js';

// Reacting
/** Runs commands because of events, at least once each: what a crash leaves undone is finished. */
export { defineReactor } from './reacting/reactor.js';

// The engine and its operations
/** One object over a database, a log, projections and reactors: handler, read models, rebuild, verify, move, export. */
export { type Engine, openEngine } from './engine.js';
/** A log in a database or on a server of EventStoreDB, and what the server says of itself. */
export { eventStoreDb, openLog } from './log/open.js';
/** Work without an engine: making as-of builds for another process, and putting exported tables into an empty database. */
export { apart } from './apart.js';
/** Pools, sessions and migrations, and where they connect to. */
export { postgres } from './postgres/postgres.js';
export type { Connection } from './postgres/session.js';
/** Is told what happens in the background. */
export type { ProjectorLog } from './projecting/projector-log.js';
/** Is told how far long work is. */
export type { Progress } from './core/progress.js';
/** Bounds in bytes, and work that keeps to them. */
export { bounds } from './bounds.js';
/** Text from outside, made safe to print. */
export { print } from './core/printable.js';
