/**
 * Proves that the rows of read models are what the log says: the log is projected once more, by the bulk path, up to the very
 * positions that the live rows were read at, into schemas of its own. Nothing live is written or locked.
 */
import type { LoadTarget } from '../builds/load-target.js';
import type pg from 'pg';
import { type EventStore, type Position, START } from '../core/event-store.js';
import { coresToUse, shareOf } from '../builds/cores.js';
import type { BuildId } from '../builds/registry.js';
import { loadLog } from '../builds/load.js';
import { forEachInFlight } from '../in-flight.js';
import { isUnavailable } from '../postgres/errors.js';
import { isOfThisLog } from '../projecting/lost-history.js';
import { type AnyProjection, schemaName } from '../projecting/projection.js';
import { REACTOR_BUILD } from '../reacting/reactor.js';
import type { PositionWriter } from '../sealing/check.js';
import type { Kept, Seals } from '../sealing/seals.js';
import { type QuarantinedEvent, Quarantine } from '../quarantine/quarantine.js';
import { stopMessage } from '../projecting/stop-message.js';
import { type Compared, compareModel, note, type Replayed } from './compare-model.js';
import type { Difference } from './differences.js';
import { ChangedMeanwhile, type LiveModel, type LiveSnapshot, snapshotOf } from './live.js';
import { LogWitness, type Reader, type UnknownType, type WitnessedStreams } from './log-witness.js';
import { Proofs } from './proofs.js';
import { makeScratch, type Scratch, withScratch } from './scratch.js';

export interface VerifyDeps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly streams: WitnessedStreams;
  /** Of the log; null where it is not sealed. */
  readonly seals?: Pick<Seals, 'check' | 'compare'> | null;
}

export interface VerifyOptions {
  readonly signal: AbortSignal;
  readonly stretch: (what: string, total: number | null) => void;
  readonly done: (by: number) => void;
  /** A seal that was kept elsewhere: the log must still fit it. */
  readonly seal?: string;
  /** As findings show positions. */
  readonly tokens?: PositionWriter;
  /** Notes that only the caller can have: what lies beside log and database. */
  readonly notes?: (witness: LogWitness) => Promise<readonly string[]>;
}

export interface VerifiedModel {
  readonly name: string;
  /** The number of the build. */
  readonly version: number;
  readonly position: Position;
  readonly rows: number;
  readonly events: number;
  readonly seconds: number;
  readonly differences: readonly Difference[];
}

export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly findings: readonly string[];
}

export interface Verified {
  readonly ok: boolean;
  readonly models: readonly VerifiedModel[];
  readonly checks: readonly Check[];
  readonly notes: readonly string[];
}

/** @throws Refusal invalid-seal, UnreadableEvent, OrphanedEvent, ChangedMeanwhile, and what the servers say */
export async function verify(
  deps: VerifyDeps,
  projections: readonly AnyProjection[],
  options: VerifyOptions,
): Promise<Verified> {
  try {
    return await compareAll(deps, projections, options);
  } catch (error) {
    // An event that was altered may be one that can't be projected: then the seals say which one it is.
    const isOfTheLog = !options.signal.aborted && !isUnavailable(error) && !(error instanceof ChangedMeanwhile);
    const found = isOfTheLog ? await misfits(deps, options, error) : null;
    if (!found) throw error;
    return found;
  }
}

function compareAll(
  deps: VerifyDeps,
  projections: readonly AnyProjection[],
  options: VerifyOptions,
): Promise<Verified> {
  const { pool, store } = deps;
  return withScratch(pool, async (scratch) => {
    const begun = performance.now();
    // 1. Live rows, as checksums, and their positions: one snapshot, which is over at once.
    const cores = await coresToUse(pool);
    const snapshot = await snapshotOf(pool, cores, projections);
    const seals = (await deps.seals?.check(keptBy(options))) ?? null;
    const head = await store.head();
    const lost = new Set<string>();
    for (const of of snapshot.checkpoints) if (!(await isOfThisLog(deps, of))) lost.add(buildOf(of));
    const checkpoints = checkpointsCheck(snapshot, head, lost);
    const comparable = snapshot.models.filter(({ build }) => !lost.has(buildOf(build)));
    // 2. The log up to there.
    const replayed = comparable.map((live) => replayOf(live, scratch));
    for (const { target } of replayed) await makeScratch(pool, target);
    const targets = replayed.map(({ target }) => target);
    const witness = new LogWitness(scratch, deps.streams, seals);
    await witness.makeTables(pool);
    const proofs = new Proofs(witness, targets);
    await proofs.makeTables(pool);
    options.stretch('events', null);
    const load = {
      pool,
      store,
      targets,
      until: head,
      signal: options.signal,
      witness: proofs,
      committed: options.done,
    };
    const { events } = await loadLog(load);
    // 3. Each model: final rows, counted again, compared.
    options.stretch('models compared', replayed.length);
    const compared = new Map<Replayed, Compared & { readonly seconds: number }>();
    await forEachInFlight(replayed, cores, async (one) => {
      options.signal.throwIfAborted();
      const found = await compareModel(deps, one, shareOf(cores, replayed.length - compared.size));
      compared.set(one, { ...found, seconds: Math.round(performance.now() - begun) / 1_000 });
      options.done(1);
    });
    const models: VerifiedModel[] = [];
    const recounted: string[] = [];
    for (const one of replayed) {
      const { seconds, differences, ...found } = compared.get(one) as Compared & { readonly seconds: number };
      const { position, rows, build } = one.live;
      recounted.push(...found.recounted);
      models.push({
        ...{ name: build.name, version: build.build, position, rows },
        ...{ events: events.get(one.target) ?? 0, seconds, differences },
      });
    }
    const proved = await proofs.results(pool);
    const sealed = await seals?.findings();
    const checks = [
      checkpoints,
      checkOf(
        'streams',
        (await witness.gaps(pool)).map(({ stream, message }) => `${stream}: ${message}`),
      ),
      checkOf('types', (await witness.unknownTypes(pool, comparable.flatMap(readingOf))).map(unknown)),
      checkOf('recount', recounted),
      ...proved.map(({ check, findings }) => checkOf(check, findings)),
      checkOf('quarantine', [...comparable.flatMap(waiting), ...replayed.flatMap(notTaken)]),
      ...(sealed ? [checkOf('seals', sealed.findings)] : []),
    ];
    const notes = [
      ...snapshot.left.map(({ name, reason }) => `${name} was not compared: ${reason}`),
      ...comparable.flatMap(leftOut),
      ...(await claimNotes(pool, witness, replayed)),
      ...proved.flatMap((one) => one.notes),
      ...(sealed?.notes ?? []),
      ...((await options.notes?.(witness)) ?? []),
    ];
    const ok = checks.every((check) => check.ok) && models.every((model) => model.differences.length === 0);
    return { ok, models, checks, notes };
  });
}

/** Null where the log fits its seals. */
async function misfits({ seals }: VerifyDeps, options: VerifyOptions, error: unknown): Promise<Verified | null> {
  const { signal, stretch, done } = options;
  const progress = { start: stretch, advance: done, stop: () => undefined };
  const sealed = await seals?.compare(keptBy(options), { signal, progress });
  if (!sealed || sealed.findings.length === 0) return null;
  const why = `no read model was compared: ${error instanceof Error ? error.message : String(error)}`;
  return { ok: false, models: [], checks: [checkOf('seals', sealed.findings)], notes: [why, ...sealed.notes] };
}

function keptBy({ seal, tokens }: VerifyOptions): Kept {
  return { ...(seal !== undefined && { line: seal }), ...(tokens && { tokens }) };
}

function replayOf(live: LiveModel, { prefix }: Scratch): Replayed {
  const { projection, build, position, skipped } = live;
  const { bulk } = projection;
  if (!bulk) throw new Error(`${projection.name} has no bulk path`);
  const schema = `${prefix}_${schemaName(build.name, build.build)}`;
  const held = new Map<string, QuarantinedEvent>();
  const target: LoadTarget = {
    projection: { ...projection, bulk },
    schema,
    staging: `${schema}_staging`,
    from: START,
    until: position,
    // What waits there is left out here: all others have to be right.
    quarantine: new Quarantine(projection.keyedBy, live.held, skipped),
    // What a release before has passed over is told of once, by its type.
    passesOverUnknown: true,
    committing: (_client, chunk) => note(held, chunk.held),
  };
  return { live, target, held };
}

function buildOf({ name, build }: BuildId): string {
  return build === REACTOR_BUILD ? `the reactor ${name}` : `build ${build} of ${name}`;
}

function checkpointsCheck({ checkpoints }: LiveSnapshot, head: Position, lost: ReadonlySet<string>): Check {
  return checkOf(
    'checkpoints',
    checkpoints.flatMap(({ position, stopped, ...of }) => {
      if (lost.has(buildOf(of))) {
        const how = position > head ? 'is ahead of the log' : 'was made from a history that the log has lost';
        return [`${buildOf(of)} ${how}: an older log was restored. Run orderlog rebuild`];
      }
      if (stopped === null) return [];
      // A reactor has no rows to compare.
      const has = of.build === REACTOR_BUILD ? 'has stopped' : 'was compared up to where it has stopped';
      return [`${buildOf(of)} ${has}: ${stopMessage(stopped)}`];
    }),
  );
}

/** The rest of the model was compared; of these keys it is not what the log says. */
function waiting({ projection, held }: LiveModel): string[] {
  return held.map(
    ({ stream, revision, message }) => `${projection.name}: ${stream} waits from revision ${revision} on: ${message}`,
  );
}

/** Live it was taken, by another release or event by event: whichever of the two is right, it is not proved. */
function notTaken({ live, held }: Replayed): string[] {
  return [...held.values()].map(
    ({ stream, revision, message }) =>
      `${live.projection.name}: ${stream}@${revision} has taken effect, but this release can not apply it: ${message}`,
  );
}

function readingOf({ projection: { name, reads } }: LiveModel): Reader[] {
  return Object.keys(reads).map((category) => ({ model: name, category }));
}

function unknown({ stream, revision, type, events }: UnknownType): string {
  const and = events > 1 ? `, and ${events - 1} more` : '';
  return `this release knows no event of type ${type}: ${stream}@${revision}${and}, of a newer release or something else`;
}

function leftOut({ projection, skipped }: LiveModel): string[] {
  return skipped.map(
    ({ stream, revision, reason }) => `${projection.name}: ${stream}@${revision} is skipped: ${reason}`,
  );
}

function checkOf(check: string, findings: readonly string[]): Check {
  return { check, ok: findings.length === 0, findings };
}

/** A crash between claim and registration leaves one that the next who wants it clears: no finding. */
async function claimNotes(pool: pg.Pool, witness: LogWitness, replayed: readonly Replayed[]): Promise<string[]> {
  const notes: string[] = [];
  for (const { live, target } of replayed) {
    for (const { category, owners } of live.projection.confirmedClaims ?? [])
      notes.push(...(await witness.unconfirmedClaims(pool, category, owners.replaceAll('{schema}', target.schema))));
  }
  return notes;
}
