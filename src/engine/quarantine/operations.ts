/** What can be done with quarantined keys: list them, retry them with today's code, skip an event for good (docs/decisions/0012). */
import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import { decode } from '../core/event-type.js';
import { printable } from '../core/printable.js';
import { dropBuild } from '../builds/drop.js';
import { ModelBusy, withModelLocks } from '../builds/model-locks.js';
import { allBuilds, type Build } from '../builds/registry.js';
import type { CommandHandler } from '../core/command-handler.js';
import { isReactor, REACTOR_BUILD } from '../reacting/reactor.js';
import { retryReactions } from '../reacting/retry.js';
import { entriesOf, type Entry, notHere, type Quarantining, waitingEvents } from './entries.js';
import { allCheckpoints } from '../projecting/checkpoint-reads.js';
import { fenceAll } from '../projecting/checkpoints.js';
import { categoryOf } from '../projecting/reads.js';
import { isOfNewerRelease, messageOf, type QuarantinedEvent, NotQuarantined } from './quarantine.js';
import { type QuarantineEntry, type Skipped, skippedOf } from './quarantined.js';
import { type Retried, retryKeys } from './retry-keys.js';
import { eventAt, skipStop, type Stop, stopsOf } from './stops.js';

export interface QuarantineDeps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  /** Reactors run commands. */
  readonly handler: CommandHandler;
}

export interface QuarantinedKey {
  readonly build: Build;
  readonly held: QuarantineEntry;
  /** Events of the key that wait, the one it is quarantined at among them. */
  readonly waiting: number;
}

export interface QuarantineList {
  readonly quarantined: readonly QuarantinedKey[];
  readonly skipped: readonly (Skipped & { readonly model: string })[];
  /** Builds that have stopped at an event. */
  readonly stopped: readonly Stop[];
}

export interface SkippedEvent {
  readonly keys: readonly RetriedKey[];
  /** Builds that had stopped at the event, and go on behind it in the processes that project them. */
  readonly passed: readonly Stop[];
}

/** A key after it was retried, or the reason why today's code can't. */
export interface RetriedKey {
  readonly build: Build;
  /** Where it was quarantined. */
  readonly before: QuarantineEntry;
  /** Where it is quarantined now, with the reason; null if it is not. */
  readonly now: QuarantinedEvent | null;
  /** Events that have taken effect. */
  readonly events: number;
  /** The event that it was quarantined at is left out for good. */
  readonly skipped: boolean;
}

export async function listQuarantine(
  deps: QuarantineDeps,
  followers: readonly Quarantining[],
): Promise<QuarantineList> {
  const quarantined: QuarantinedKey[] = [];
  for (const entry of await entriesOf(deps.pool, followers)) {
    quarantined.push({ build: entry.build, held: entry.held, waiting: await waitingEvents(deps, entry) });
  }
  const skipped: (Skipped & { readonly model: string })[] = [];
  for (const { name } of followers) {
    skipped.push(...(await skippedOf(deps.pool, name)).map((one) => ({ ...one, model: name })));
  }
  return { quarantined, skipped, stopped: await stopsOf(deps.pool, followers) };
}

/**
 * Applies the waiting events of keys with today's code: those of these streams, or of all quarantined ones.
 * @throws NotQuarantined
 */
export async function retryQuarantined(
  deps: QuarantineDeps,
  followers: readonly Quarantining[],
  streams: readonly string[],
): Promise<RetriedKey[]> {
  return goOn(deps, await entriesIn(deps, followers, streams), null);
}

/**
 * Leaves an event out for good, in every build of the models in which its key is quarantined at it or which have stopped at it,
 * and applies the events behind it.
 * @param key a stream that waits at one event everywhere, or `stream@revision`: builds that it waits in at another event are left alone
 * @throws NotQuarantined, ModelBusy
 */
export async function skipQuarantined(
  deps: QuarantineDeps,
  followers: readonly Quarantining[],
  key: string,
  reason: string,
): Promise<SkippedEvent> {
  const [stream, revision] = keyOf(key);
  const why = printable(reason).trim();
  const allStops = (await stopsOf(deps.pool, followers)).filter((stop) => stop.stream === stream);
  const found = waitingAt(await entriesIn(deps, followers, [stream], allStops), allStops);
  const meant = found.filter((one) => revision === null || one.revision === revision);
  const models = [...new Set((meant.length > 0 ? meant : found).map(({ build }) => build.name))];
  const stops = allStops.filter(({ build }) => models.includes(build.name));
  // A build that is being made would have begun without what is skipped here.
  return withModelLocks(deps.pool, models, async () => {
    const all = await entriesIn(deps, followers, [stream], stops);
    const waiting = all.filter(({ build }) => models.includes(build.name));
    const at = skippedAt(waitingAt(waiting, stops), revision);
    const entries = waiting.filter(({ held }) => held.revision === at);
    const stopped = stops.filter((stop) => stop.revision === at);
    for (const { name, reads } of followers) {
      const one = waitingAt(entries, stopped).find(({ build }) => build.name === name);
      if (!one) continue;
      await refuseOfNewerRelease(deps.store, reads, one);
      await refuseIfRead(deps.pool, waitingAt(waiting, stops), one);
    }
    // An unfinished build may have applied the event already, and would bring it back.
    for (const name of models) await dropCandidates(deps.pool, name);
    const keys = await goOn(deps, entries, { reason: why });
    const passed: Stop[] = [];
    for (const stop of stopped) if (await skipStop(deps, stop, why)) passed.push(stop);
    if (keys.length + passed.length === 0) {
      throw new NotQuarantined(`${stream} does not wait there any more; nothing was skipped`, 'list');
    }
    // Builds that are still before the event learn that it is to be left out.
    for (const name of models) await fenceAll(deps.pool, name);
    return { keys, passed };
  });
}

/** A key alone, or with the revision that it is quarantined at. */
function keyOf(text: string): [string, number | null] {
  const [, key = text, revision] = /^(.*)@(\d+)$/.exec(text) ?? [];
  return [key, revision === undefined ? null : Number(revision)];
}

/** An event that a build waits at. */
type WaitingAt = Pick<Stop, 'build' | 'stream' | 'revision' | 'position'>;

function waitingAt(entries: readonly Entry[], stops: readonly Stop[]): readonly WaitingAt[] {
  return [...entries.map(({ build, held }) => ({ build, ...held })), ...stops];
}

/** One event is skipped, and only the one that is meant. @returns its revision @throws NotQuarantined */
function skippedAt(found: readonly WaitingAt[], asked: number | null): number {
  const revision = asked ?? found[0]?.revision ?? 0;
  const other = found.find((one) => one.revision !== revision);
  const isNamed = asked !== null && found.some((one) => one.revision === asked);
  if (!other || isNamed) return revision;
  const where = `waits at revision ${other.revision} in ${placeOf(other)}, not at ${revision}`;
  throw new NotQuarantined(`${other.stream} ${where}; nothing was skipped`, 'one-event');
}

function placeOf({ build: { name, build } }: Pick<WaitingAt, 'build'>): string {
  return build === REACTOR_BUILD ? name : `build ${build} of ${name}`;
}

/**
 * What is skipped is skipped in every build of the model. Where only a kept one waits, the active one would have what a rebuild and a
 * verification leave out. @throws NotQuarantined
 */
async function refuseIfRead(pool: pg.Pool, waiting: readonly WaitingAt[], at: WaitingAt): Promise<void> {
  const { stream, revision, position, build } = at;
  for (const { buildState, ...one } of await allCheckpoints(pool)) {
    if (buildState !== 'active' || one.name !== build.name || one.position < position) continue;
    const held = waiting.find((other) => other.build.name === one.name && other.build.build === one.build);
    if (held && held.revision <= revision) continue;
    const where = `build ${one.build} of ${one.name}, which is read`;
    throw new NotQuarantined(`${stream}@${revision} has taken effect in ${where}; nothing was skipped`, 'retry');
  }
}

/** @throws ModelBusy where something that was killed still works on one */
async function dropCandidates(pool: pg.Pool, model: string): Promise<void> {
  const candidates = async (): Promise<Build[]> =>
    (await allBuilds(pool)).filter(({ name, state }) => name === model && (state === 'building' || state === 'ready'));
  for (const one of await candidates()) await dropBuild(pool, one, 'candidate');
  if ((await candidates()).length > 0) throw new ModelBusy(model);
}

/** Nothing is wrong with such an event: its own release applies it, and would miss it for good. @throws NotQuarantined */
async function refuseOfNewerRelease(
  store: EventStore,
  reads: Quarantining['reads'],
  { stream, revision }: Pick<Stop, 'stream' | 'revision'>,
): Promise<void> {
  const event = await eventAt(store, stream, revision);
  const type = event && reads[categoryOf(stream)]?.[event.type];
  if (!type) return;
  try {
    decode(event, type);
  } catch (error) {
    if (isOfNewerRelease(error)) throw new NotQuarantined(`${messageOf(error)}; nothing was skipped`, 'newer-release');
  }
}

/** @returns without the keys that are not quarantined any more */
async function goOn(
  deps: QuarantineDeps,
  entries: readonly Entry[],
  skip: { readonly reason: string } | null,
): Promise<RetriedKey[]> {
  const retried = await retriedOf(deps, entries, skip);
  return entries.flatMap((entry) => {
    const { build, held } = entry;
    const why = notHere(entry);
    const went = retried.get(entry) ?? null;
    if (why === null && !went) return [];
    const at = went ? went.held : held;
    const now = at && { ...at, message: why ?? at.message };
    return [{ build, before: held, now, events: went?.events ?? 0, skipped: went?.skipped ?? false }];
  });
}

/** By entry; without those that are not quarantined any more, and those that today's code can't apply. */
async function retriedOf(
  deps: QuarantineDeps,
  entries: readonly Entry[],
  skip: { readonly reason: string } | null,
): Promise<ReadonlyMap<Entry, Retried>> {
  const retried = new Map<Entry, Retried>();
  const here = entries.filter((entry) => notHere(entry) === null);
  for (const build of new Set(here.map((entry) => entry.build))) {
    const own = here.filter((entry) => entry.build === build);
    const [{ follower }] = own as [Entry];
    const streams = own.map(({ held }) => held.stream);
    const done = await (isReactor(follower)
      ? retryReactions(deps, { reactor: follower, streams }, skip)
      : retryKeys(deps, { projection: follower, of: build, streams }, skip));
    for (const entry of own) {
      const one = done.get(entry.held.stream);
      if (one) retried.set(entry, one);
    }
  }
  return retried;
}

/** @throws NotQuarantined for a stream that is quarantined nowhere */
async function entriesIn(
  { pool }: QuarantineDeps,
  followers: readonly Quarantining[],
  streams: readonly string[],
  stops: readonly Stop[] = [],
): Promise<Entry[]> {
  const entries = await entriesOf(pool, followers);
  const known = new Set([...entries.map(({ held }) => held.stream), ...stops.map(({ stream }) => stream)]);
  const unknown = streams.filter((stream) => !known.has(stream));
  if (unknown.length > 0) {
    const models = followers.map(({ name }) => name).join(', ');
    throw new NotQuarantined(`${unknown.join(', ')} does not wait in ${models}`, 'list');
  }
  return streams.length === 0 ? entries : entries.filter(({ held }) => streams.includes(held.stream));
}
