/** The engine as an application uses it: one object over a database, a log and the application's projections. */
import type { Registry } from 'prom-client';
import type pg from 'pg';
import { buildMissing } from './builds/build-missing.js';
import { AsOfBuilds } from './builds/as-of-builds.js';
import { AsOfProcess } from './builds/as-of-process.js';
import { measureAsOf } from './builds/as-of-metrics.js';
import { sweepNowAndThen } from './builds/as-of-sweep.js';
import { type PlannedBuild, planRebuild } from './builds/plan.js';
import { rebuild, type RebuildOptions, type Rebuilt } from './builds/rebuild.js';
import { listBuilds, type ListedBuild } from './builds/list.js';
import { allBuilds, readBuild } from './builds/registry.js';
import { rollback, type RollbackOptions, type RolledBack } from './builds/rollback.js';
import { type Export, exportTables } from './copying/export.js';
import { type MovedFrom, moveLog, moveLogBack, type MovedLog, type MoveOptions } from './copying/move-log.js';
import type { PrimaryTable } from './copying/tables.js';
import { ClaimProtocol } from './claims/acquire.js';
import { claimOwners, type Claims } from './claims/claims.js';
import type { ClaimKind } from './claims/kind.js';
import { CommandHandler } from './core/command-handler.js';
import { type EventStore, type Position, START, type SubscribeOptions, type Subscription } from './core/event-store.js';
import type { EngineOptions } from './engine-options.js';
import type { IdSequence } from './core/id-sequence.js';
import type { LogTimes } from './core/log-times.js';
import type { Fact } from './core/message.js';
import type { StreamBinding } from './core/stream-access.js';
import { bindToLog } from './log/log-identity.js';
import { logTimes } from './log/log-times.js';
import { resolvePoint } from './log/point.js';
import { Changes } from './log/changes.js';
import { SharedSubscriptions } from './log/shared-subscriptions.js';
import { idSequence, type IdSequenceOptions } from './postgres/id-sequence.js';
import { connectionOf } from './postgres/session.js';
import { JointQuery, type JointPart } from './projecting/joint-query.js';
import { freeze, type Frozen } from './projecting/frozen.js';
import { measureReadModels } from './projecting/metrics.js';
import type { AnyProjection } from './projecting/projection.js';
import { newOwner, type Projectors, startProjectors } from './projecting/projector.js';
import type { ProjectorLog } from './projecting/projector-log.js';
import { ReadModel } from './projecting/read-model.js';
import { type Counting, type Health, healthOf, haveReached, modelStatuses } from './projecting/status.js';
import { type Report, report } from './projecting/report.js';
import { CheckpointWatch } from './projecting/watch.js';
import {
  listQuarantine,
  type QuarantineList,
  type RetriedKey,
  retryQuarantined,
  type SkippedEvent,
  skipQuarantined,
} from './quarantine/operations.js';
import type { Quarantining } from './quarantine/entries.js';
import { measureReactors } from './reacting/metrics.js';
import { type Reactor, refuseSameNames } from './reacting/reactor.js';
import { startReactors } from './reacting/reactors.js';
import { named, reactorStatuses } from './reacting/status.js';
import { Seals } from './sealing/seals.js';
import type { WitnessedStreams } from './verifying/log-witness.js';
import { type Verified, verify, type VerifyOptions } from './verifying/verify.js';

/** Opens the engine. @throws WrongLog when the database belongs to another log */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const engine = new Engine(options, await bindToLog(options.pool, options.store));
  await engine.seals?.announce();
  return engine;
}

export class Engine {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly projections: readonly AnyProjection[];
  readonly reactors: readonly Reactor[];
  readonly streams: WitnessedStreams;
  readonly log: ProjectorLog;
  readonly handler: CommandHandler;
  readonly watch: CheckpointWatch;
  readonly times: LogTimes;
  /** Read models as they were at a position. */
  readonly asOf: AsOfBuilds;
  /** Null without a signer. */
  readonly seals: Seals | null;
  readonly owner = newOwner();
  readonly #asOfProcess: AsOfProcess | null;
  readonly #followers: SharedSubscriptions;

  constructor(
    options: EngineOptions,
    readonly logId: string,
  ) {
    const { pool, store, projections, reactors = [], streams, log, signer } = options;
    refuseSameNames([...projections, ...reactors]);
    this.pool = pool;
    this.store = store;
    this.projections = projections;
    this.reactors = reactors;
    this.streams = streams;
    this.log = log;
    this.#followers = new SharedSubscriptions(store);
    this.handler = new CommandHandler(store, options.vault);
    this.watch = new CheckpointWatch(pool, options.hearing);
    this.times = logTimes(pool, store);
    const { keepAsOf: keep, asOfProcess: apart } = options;
    const process = apart && new AsOfProcess(apart.script, { ...apart, connection: connectionOf(pool) });
    this.#asOfProcess = process ?? null;
    this.asOf = new AsOfBuilds({ pool, store, projections, keep, log, ...(process && { process }) });
    const categories = Object.keys(streams.known);
    this.seals = signer ? new Seals({ pool, store, signer, logId, categories, log }) : null;
  }

  // Writing

  /** @param has tells whether the state of an owner confirms a claim of that id */
  claims<State, Command, F extends Fact>(
    kind: ClaimKind,
    owners: StreamBinding<State, Command, F>,
    has: (state: State, id: string) => boolean,
  ): Claims {
    return new ClaimProtocol(kind, this.handler, claimOwners(this.handler, owners, has));
  }

  sequence(name: string, options?: IdSequenceOptions): IdSequence {
    return idSequence(this.pool, name, options);
  }

  /** Whether no event of the application is in the log. */
  async isEmpty(): Promise<boolean> {
    const streamPrefixes = Object.keys(this.streams.known).map((category) => `${category}-`);
    const [ours] = await this.store.distances([{ position: START, filter: { streamPrefixes } }], 1);
    return ours?.events === 0;
  }

  // Reading

  /**
   * The queries on one read model.
   * @param name of its projection
   * @param beside names of those whose tables its queries join
   */
  readModel(name: string, ...beside: string[]): ReadModel {
    const projection = (of: string): AnyProjection => {
      const found = this.projections.find((one) => one.name === of);
      if (!found) throw new Error(`there is no projection ${of}`);
      return found;
    };
    return new ReadModel(this.pool, projection(name), this.watch, this.asOf, beside.map(projection));
  }

  /** Read models on one snapshot of the database. */
  freeze(kind: Parameters<typeof freeze>[1]): Promise<Frozen> {
    return freeze(this, kind);
  }

  /** One statement on several read models. */
  jointQuery(name: string, parts: readonly JointPart[]): JointQuery {
    return new JointQuery(this.pool, this.watch, name, parts);
  }

  /** The position that a token or, with waitMs, an RFC 3339 time names. @throws BadPoint, Refusal read-model-behind */
  resolvePoint(text: string, tokens: { decode(token: string): Position }, waitMs: number | null): Promise<Position> {
    return resolvePoint(text, { tokens, store: this.store, times: this.times }, waitMs);
  }

  /** The log from a position on, and what comes. One subscription serves all who are near the head. */
  follow(options: SubscribeOptions): Subscription {
    return this.#followers.subscribe(options);
  }

  /** Which streams of these categories changed last. Its owner closes it. */
  changes(...categories: string[]): Changes {
    return new Changes(this.store, categories);
  }

  // Projecting

  /** Runs the projections and the reactors. */
  startProjectors(): Projectors {
    const started = [startProjectors(this), startReactors(this)];
    return {
      stop: async () => {
        await Promise.all(started.map((one) => one.stop()));
      },
    };
  }

  /** How far each read model and each reactor is, and what is wrong with it. */
  report(counting: Counting): Promise<Report> {
    return report(this, counting);
  }

  async health(signal: AbortSignal): Promise<Health> {
    const counting = { cap: 1, stalledOnly: true, signal };
    const reactors = await reactorStatuses(this, counting);
    return healthOf([...(await modelStatuses(this, counting)), ...reactors.map(named)]);
  }

  /** Whether every read model has reached a position. */
  hasReached(position: Position): Promise<boolean> {
    return haveReached(this, position);
  }

  /** Waits until every read model has reached a position, or the time is over. */
  async catchUp(position: Position, ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (Date.now() < deadline && !(await this.hasReached(position))) {
      const builds = await allBuilds(this.pool);
      const left = deadline - Date.now();
      await Promise.all(
        this.projections.map((one) => this.watch.waitFor(one.name, readBuild(builds, one)?.build ?? 0, position, left)),
      );
    }
  }

  /** Adds the gauges of read models, reactors, subscriptions, as-of builds and seals. */
  measure(metrics: Registry): void {
    const { reports, reportsForAll } = measureReadModels(metrics, this);
    measureReactors(metrics, this);
    measureAsOf(metrics, { pool: this.pool, asOf: this.asOf, reports });
    this.seals?.measure(metrics, reportsForAll);
  }

  // Builds

  /** Builds read models in the background, then switches to them. Resumes an interrupted rebuild. */
  rebuild(projections: readonly AnyProjection[], options: RebuildOptions): Promise<Rebuilt[]> {
    return rebuild(this, projections, options);
  }

  /** Every build that there is, with its checkpoint. */
  listBuilds(): Promise<ListedBuild[]> {
    return listBuilds(this.pool);
  }

  planRebuild(projections: readonly AnyProjection[]): Promise<PlannedBuild[]> {
    return planRebuild(this.pool, projections);
  }

  rollback(projection: AnyProjection, options: RollbackOptions): Promise<RolledBack> {
    return rollback(this, projection, options);
  }

  /** After a deployment with newer projections: builds what has no build of today's version yet. Never rejects. */
  buildMissing(options: { readonly keepSeconds: number; readonly signal: AbortSignal }): Promise<void> {
    return buildMissing(this, this.projections, options);
  }

  /** Drops as-of builds whose time is over, until the signal. Never rejects. */
  sweepAsOf(signal: AbortSignal): Promise<void> {
    return sweepNowAndThen(this.asOf, this.log, signal);
  }

  // Moving

  /** Copies the log to another one, compares both, then makes the copy the log of this database. Resumes if stopped. */
  moveLog(target: EventStore, options: MoveOptions): Promise<MovedLog> {
    return moveLog(this.#moved(), target, options);
  }

  /** Back to the log in the database, as long as nothing was written elsewhere; null where it has never held the log. */
  moveLogBack(options: MoveOptions): Promise<MovedLog | null> {
    return moveLogBack(this.#moved(), options);
  }

  /** Gives all primary tables as they are at one moment, while others write. @param tables those of the application, too */
  exportTables<T>(tables: readonly PrimaryTable[], work: (exported: Export) => Promise<T>): Promise<T> {
    return exportTables(this, tables, work);
  }

  #moved(): MovedFrom {
    const { pool, store, logId } = this;
    return { pool, store, logId, categories: Object.keys(this.streams.known) };
  }

  // Proving and repairing

  /** Projects the log a second time and compares the rows. */
  verify(projections: readonly AnyProjection[], options: VerifyOptions): Promise<Verified> {
    return verify(this, projections, options);
  }

  listQuarantine(of: readonly Quarantining[]): Promise<QuarantineList> {
    return listQuarantine(this, of);
  }

  retryQuarantined(of: readonly Quarantining[], streams: readonly string[]): Promise<RetriedKey[]> {
    return retryQuarantined(this, of, streams);
  }

  skipQuarantined(of: readonly Quarantining[], key: string, reason: string): Promise<SkippedEvent> {
    return skipQuarantined(this, of, key, reason);
  }

  /** Ends what is under way in the background. Projectors are stopped by themselves, before this. */
  async close(): Promise<void> {
    await this.asOf.close();
    await this.#asOfProcess?.close();
    await this.times.close();
    await this.watch.close();
  }
}
