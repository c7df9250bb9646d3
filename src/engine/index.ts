/** The engine's public names. Nothing outside of this folder imports deeper (test/architecture.test.ts). See README.md. */

// Deciding and recording
export type { Decider } from './core/decider.js';
export type { CommandContext, StreamBinding } from './core/stream-access.js';
export { CommandHandler, type ExecuteOptions, type Outcome } from './core/command-handler.js';
export { CachedStream } from './core/cached-stream.js';
export type { Actor, Envelope, Fact, JsonObject, JsonValue, RecordedEvent } from './core/message.js';
export {
  decode,
  eventType,
  type EventTypes,
  type FactOf,
  type StoredFact,
  UnreadableEvent,
} from './core/event-type.js';
export {
  EventStoreUnavailable,
  EventTooLarge,
  type Fault,
  MAX_EVENT_BYTES,
  Refusal,
  StreamNotFound,
  WrongExpectedRevision,
} from './core/errors.js';
export { type EventStore, matches, type Position, START } from './core/event-store.js';
export { streamId, streamName } from './core/stream.js';
export { historyEvent } from './core/history.js';
export type { IdSequence } from './core/id-sequence.js';
export { type Sealed, type SealedContext, Unopened, type Vault } from './core/vault.js';
export { PersistentMap } from './core/persistent-map.js';
export type { Claims } from './claims/claims.js';
export { claimKind } from './claims/kind.js';

// Projecting and reading
export {
  bigint,
  changing,
  insertedAt,
  integers,
  json,
  key,
  lastRevision,
  list,
  nullable,
  text,
  time,
  uuid,
} from './projecting/columns.js';
export { keyedTable, type RowOf } from './projecting/keyed-table.js';
export { defineProjection, type Derived } from './projecting/define-projection.js';
export type { LivePage, PagePart } from './projecting/page-part.js';
export type { AnyProjection, ProjectedEvent, ProjectionCache, ProjectionDb } from './projecting/projection.js';
export type { CopiedRows, CopyValue, FinishStep, Miscounted, ReadRows, Recount, RowSource } from './builds/bulk.js';
export type { Freshness, ReadModel, Standing, Turn } from './projecting/read-model.js';
export type { JointPart, JointQuery } from './projecting/joint-query.js';

// The engine, its operations and what they answer
export { type Engine, openEngine } from './engine.js';
export { AsOfProcess } from './builds/as-of-process.js';
export { makeAsOfBuildsForParent } from './builds/as-of-builder.js';
export { asOfSchema } from './builds/as-of-registry.js';
export type { Rebuilt } from './builds/rebuild.js';
export { NoStandby, type RollbackOptions } from './builds/rollback.js';
export { WorseThanLive } from './builds/worse-than-live.js';
export { allBuilds, readBuild } from './builds/registry.js';
export type { RetriedKey } from './quarantine/operations.js';
export { NotQuarantined } from './quarantine/quarantine.js';
export type { Verified } from './verifying/verify.js';
export { ChangedMeanwhile } from './verifying/live.js';
export type { WitnessedStreams } from './verifying/log-witness.js';
export { degradationOf, dropsOf, type ModelStatus, modelStatuses, problemOf } from './projecting/status.js';
export { stopMessage } from './projecting/stop-message.js';
export type { ProjectorLog } from './projecting/projector-log.js';
export { BadPoint } from './log/point.js';

// Opening logs and databases, and moving a log
export { describeEventStore, openLog } from './log/open.js';
export { logIdOf, WrongLog } from './log/log-identity.js';
export {
  clientUrl,
  type EventStoreUrl,
  readEventStoreUrl,
  showsCredentials,
} from './log/eventstoredb/connection-url.js';
export type { NodeReach, ServerMember, ServerReport } from './log/eventstoredb/server-description.js';
export { TableImport } from './copying/import.js';
export { type Connection, cutSessions, Session, sessionTo } from './postgres/session.js';
export { createPool } from './postgres/pool.js';
export { migrate } from './postgres/migrate.js';
export { refuseUnsuitable, UnsuitableDatabase } from './postgres/suitable-database.js';
export { KEEPER } from './postgres/alone.js';
export { giveWay } from './postgres/background.js';
export { isUnavailable, isUndefinedTable } from './postgres/errors.js';
export { heldSnapshot } from './postgres/held-snapshot.js';
export { gather } from './postgres/gather.js';

// Bounds, progress and printing
export { ANSWERS_BYTES, LIST_BYTES, sizeOf } from './core/budgets.js';
export { forEachInFlight } from './in-flight.js';
export type { Progress } from './core/progress.js';
export { plural } from './core/plural.js';
export { printable, printableLines, quoted, shortened, withoutObeyed } from './core/printable.js';
