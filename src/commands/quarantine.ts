/** `orderlog quarantine list`, `retry` and `skip` (docs/decisions/0012). */
import type pg from 'pg';
import type { EventStore, Position } from '../engine/core/event-store.js';
import { printable, printableLines } from '../engine/core/printable.js';
import { withModelLocks } from '../engine/builds/model-locks.js';
import { allBuilds } from '../engine/builds/registry.js';
import { dropBuild } from '../engine/builds/drop.js';
import type { AnyProjection } from '../engine/projecting/projection.js';
import { skippedOf } from '../engine/quarantine/quarantine.js';
import { giveUpLeases, type Retried, retryKeys } from '../engine/quarantine/retry-keys.js';
import { type CommandResult, WrongUse } from './output.js';
import { chosen } from './rebuild.js';
import { table } from './table.js';
import { entriesOf, type Entry, notHere, waitingEvents } from '../engine/quarantine/entries.js';
import { skipStop, type Stop, stopsOf } from '../engine/quarantine/stops.js';

export interface QuarantineDeps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly projections: readonly AnyProjection[];
  readonly tokens: { encode(position: Position): string };
}

/** A read model; all if there is none. */
export interface OfModel {
  readonly model?: string | undefined;
}

/** What waits, and what was skipped. @throws WrongUse for a model that there is not */
export async function listResult(deps: QuarantineDeps, { model }: OfModel): Promise<CommandResult> {
  const projections = modelsOf(deps, model);
  const quarantined = [];
  for (const entry of await entriesOf(deps.pool, projections)) {
    const { stream, revision, type, message, since } = entry.held;
    const position = deps.tokens.encode(entry.held.position);
    const waiting = await waitingEvents(deps, entry);
    const { name, build } = entry.build;
    quarantined.push({ model: name, version: build, stream, revision, type, position, error: message, since, waiting });
  }
  const skipped = [];
  for (const { name } of projections) {
    for (const { message, position, ...one } of await skippedOf(deps.pool, name)) {
      skipped.push({ model: name, ...one, position: deps.tokens.encode(position), error: message });
    }
  }
  const stopped = (await stopsOf(deps.pool, projections)).map(({ build, stream, revision, position, message }) => {
    const at = { stream, revision, position: deps.tokens.encode(position), error: message };
    return { model: build.name, version: build.build, ...at };
  });
  const stops = stopped.map(
    (one) => `STOPPED  ${one.model}  v${one.version}  ${one.stream}@${one.revision}: ${one.error}`,
  );
  const lines = quarantined.map((one) => [
    one.model,
    `v${one.version}`,
    `${one.stream}@${one.revision}`,
    one.type,
    one.waiting === 1 ? '1 event waits' : `${one.waiting} events wait`,
    `since ${one.since}`,
    one.error,
  ]);
  const reasons = skipped.map(
    (one) => `skipped  ${one.model}  ${one.stream}@${one.revision}  ${one.type}: ${one.reason}`,
  );
  const head = ['model', 'build', 'waits at', '', '', '', 'why'];
  const text = printableLines([
    ...(lines.length > 0 ? table([head, ...lines]) : ['nothing waits']),
    ...stops,
    ...reasons,
  ]);
  return { document: { quarantined, skipped, stopped }, text, exitCode: 0 };
}

/**
 * Lets keys go on by today's code: those of these streams, or all that wait. 1 if one of them still waits.
 * @throws WrongUse for what does not wait
 */
export async function retryResult(
  deps: QuarantineDeps,
  { streams, model }: OfModel & { readonly streams: readonly string[] },
): Promise<CommandResult> {
  const entries = await waitingOf(deps, modelsOf(deps, model), streams);
  const done = await goOn(deps, entries, null);
  return { document: { retried: done.documents }, text: done.text, exitCode: done.exitCode };
}

/**
 * Leaves an event out for good, in every making of the models that wait or have stopped at it, and lets them go on behind it. 1 if
 * its key waits again.
 * @throws WrongUse for what does not wait, ModelBusy
 */
export async function skipResult(
  deps: QuarantineDeps,
  { stream, reason, model }: OfModel & { readonly stream: string; readonly reason: string },
): Promise<CommandResult> {
  const why = printable(reason).trim();
  if (!/[^\s\p{C}]/u.test(reason)) throw new WrongUse('say why the event is skipped: --reason TEXT');
  const projections = modelsOf(deps, model);
  const [key, revision] = keyOf(stream);
  const stops = (await stopsOf(deps.pool, projections)).filter((stop) => stop.stream === key);
  const found = await waitingOf(deps, projections, [key], stops);
  const models = [...new Set([...found, ...stops].map(({ build }) => build.name))];
  // A build that is being made would have begun without what is skipped here.
  return withModelLocks(deps.pool, models, async () => {
    const entries = (await waitingOf(deps, projections, [key], stops)).filter(({ build }) =>
      models.includes(build.name),
    );
    refuseUnlessAt([...entries.map(({ build, held }) => ({ build, ...held })), ...stops], revision);
    // An unfinished build may have taken the event already, and would bring it back.
    for (const { name, build, state } of await allBuilds(deps.pool)) {
      const unfinished = state === 'building' || state === 'ready';
      if (unfinished && models.includes(name)) await dropBuild(deps.pool, { name, build }, `state = '${state}'`);
    }
    const done = await goOn(deps, entries, { reason: why });
    const passed = await skipStops(deps, stops, why);
    // Builds that are still before the event learn that it is to be left out.
    for (const name of models) await giveUpLeases(deps.pool, name);
    const lines = [...(entries.length > 0 ? [done.text] : []), ...passed.lines];
    const text = lines.length > 0 ? lines.join('\n') : 'nothing waits';
    return { document: { skipped: [...done.documents, ...passed.documents] }, text, exitCode: done.exitCode };
  });
}

/** A key alone, or with the revision that it waits at. */
function keyOf(text: string): [string, number | null] {
  const [, key = text, revision] = /^(.*)@(\d+)$/.exec(text) ?? [];
  return [key, revision === undefined ? null : Number(revision)];
}

/** One event is skipped, and only that which is meant. @throws WrongUse */
function refuseUnlessAt(places: readonly Pick<Stop, 'build' | 'stream' | 'revision'>[], wanted: number | null): void {
  const revision = wanted ?? places[0]?.revision;
  const other = places.find((place) => place.revision !== revision);
  if (!other) return;
  const { build } = other;
  throw new WrongUse(
    `${other.stream} waits at revision ${other.revision} in build ${build.build} of ${build.name}, not at ${revision}: ` +
      'retry it first, or name one model with --model; nothing was skipped',
  );
}

/** Builds that have stopped there go on behind the event, in the processes that project them. */
async function skipStops(
  deps: QuarantineDeps,
  stops: readonly Stop[],
  reason: string,
): Promise<{ readonly documents: readonly object[]; readonly lines: readonly string[] }> {
  const documents: object[] = [];
  const lines: string[] = [];
  for (const stop of stops) {
    if (!(await skipStop(deps, stop, reason))) continue;
    const { build, stream, revision } = stop;
    documents.push({ model: build.name, version: build.build, stream, revision, reason, events: 0, held: null });
    lines.push(
      `${build.name} v${build.build}  ${stream}: revision ${revision} is skipped, the model goes on behind it`,
    );
  }
  return { documents, lines };
}

interface Done {
  readonly documents: readonly object[];
  readonly text: string;
  readonly exitCode: 0 | 1;
}

async function goOn(
  deps: QuarantineDeps,
  entries: readonly Entry[],
  skip: { readonly reason: string } | null,
): Promise<Done> {
  const documents: object[] = [];
  const lines: string[] = [];
  let exitCode: 0 | 1 = 0;
  const retried = await retriedOf(deps, entries, skip);
  for (const entry of entries) {
    const { build, held } = entry;
    const { stream, revision } = held;
    const subject = { model: build.name, version: build.build, stream };
    const name = `${build.name} v${build.build}  ${stream}`;
    const why = notHere(entry);
    const went = retried.get(entry) ?? null;
    if (why === null && !went) continue;
    const now = went ? went.held : held;
    const ofSkip = skip && went?.skipped ? { revision, reason: skip.reason } : {};
    const place = now && {
      revision: now.revision,
      type: now.type,
      position: deps.tokens.encode(now.position),
      error: why ?? now.message,
    };
    documents.push({ ...subject, ...ofSkip, events: went?.events ?? 0, held: place });
    const skipped = went?.skipped ? `revision ${revision} is skipped, ` : '';
    const effect = `${skipped}events that have taken effect: ${went?.events ?? 0}`;
    lines.push(place ? `${name}: ${effect}, WAITS at ${place.revision}: ${place.error}` : `${name}: ${effect}`);
    if (place) exitCode = 1;
  }
  return { documents, text: lines.length > 0 ? printableLines(lines) : 'nothing waits', exitCode };
}

/** By entry; without those that do not wait any more, and those that today's code can't let go on. */
async function retriedOf(
  deps: QuarantineDeps,
  entries: readonly Entry[],
  skip: { readonly reason: string } | null,
): Promise<ReadonlyMap<Entry, Retried>> {
  const retried = new Map<Entry, Retried>();
  const here = entries.filter((entry) => notHere(entry) === null);
  for (const build of new Set(here.map((entry) => entry.build))) {
    const own = here.filter((entry) => entry.build === build);
    const [{ projection }] = own as [Entry];
    const streams = own.map(({ held }) => held.stream);
    const done = await retryKeys(deps, { projection, of: build, streams }, skip);
    for (const entry of own) {
      const one = done.get(entry.held.stream);
      if (one) retried.set(entry, one);
    }
  }
  return retried;
}

function modelsOf({ projections }: QuarantineDeps, model: string | undefined): readonly AnyProjection[] {
  return chosen(projections, model === undefined ? [] : [model]);
}

/** @throws WrongUse for a stream that waits nowhere */
async function waitingOf(
  { pool }: QuarantineDeps,
  projections: readonly AnyProjection[],
  streams: readonly string[],
  stops: readonly Stop[] = [],
): Promise<Entry[]> {
  const entries = await entriesOf(pool, projections);
  const known = new Set([...entries.map(({ held }) => held.stream), ...stops.map(({ stream }) => stream)]);
  const unknown = streams.filter((stream) => !known.has(stream));
  if (unknown.length > 0) {
    const models = projections.map(({ name }) => name).join(', ');
    throw new WrongUse(
      `${unknown.join(', ')} does not wait in ${models}: orderlog quarantine list says what does, by stream (order-… or user-…)`,
    );
  }
  return streams.length === 0 ? entries : entries.filter(({ held }) => streams.includes(held.stream));
}
