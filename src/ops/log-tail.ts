/** The tail of the log: events as they come, for those who need each of them and for those who watch (docs/decisions/0028, 0035). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine, EventStore, Position, RecordedEvent } from '../engine/index.js';
import { frameOf, type Sent } from '../http/event-stream.js';
import type { PositionTokens } from '../http/position-token.js';
import type { RecentFrames } from './recent-frames.js';

export interface TailDeps {
  readonly engine: Pick<Engine, 'follow'>;
  readonly store: Pick<EventStore, 'head' | 'readBack'>;
  readonly tokens: PositionTokens;
  readonly frames: RecentFrames;
}

/** What a request asks for, in terms of the log. */
export interface Wanted {
  readonly filter: { readonly streamPrefixes: readonly string[]; readonly types?: readonly string[] };
  readonly stream?: string;
  readonly correlationId?: string;
}

/** Events that one request looks at, however few of them its filter lets through. */
export const MOST_LOOKED_AT = 10_000;
/** Events that a tail takes from its subscription at once, and characters that it sends at once. */
const PAGE = 500;
const SENT_CHARACTERS = 64 * 1024;
/** Between two writes of a tail. The first event after a quiet time is sent at once, the next ones with what comes meanwhile. */
const BETWEEN_MS = 100;
/** The same for who watches. Eyes need no more, and all who watch are sent the same frames at the same time. */
const WATCHED_MS = 250;

/** Each event from a position on. */
export async function* eachEvent(
  { engine, tokens, frames }: TailDeps,
  wanted: Wanted,
  from: Position,
  ends: AbortSignal,
): AsyncGenerator<Sent> {
  yield { id: tokens.encode(from) };
  for await (const page of engine.follow({ from, filter: wanted.filter, pageSize: PAGE, signal: ends })) {
    const begun = performance.now();
    yield* written({ tokens, frames }, wantedOf(page.events, wanted), page.position, ends);
    // A full page may have more behind it.
    if (page.events.length < PAGE) await pause(begun + BETWEEN_MS, ends);
  }
}

/** The newest events only, wherever more than `most` come at a time; `skipped` says between which positions others are left out. */
export async function* newestEvents(
  { engine, store, tokens, frames }: TailDeps,
  wanted: Wanted,
  { from, most }: { readonly from: Position; readonly most: number },
  ends: AbortSignal,
): AsyncGenerator<Sent> {
  yield { id: tokens.encode(from) };
  const skipped = (after: Position, before: Position): Sent => ({
    frames: frameOf({ event: 'skipped', data: { after: tokens.encode(after), before: tokens.encode(before) } }),
  });
  // What has come while nobody watched is not gone through.
  const head = await store.head();
  const missed = await store.readBack({ ...wanted, after: from, limit: most, most: MOST_LOOKED_AT });
  if (missed.before !== null) yield skipped(from, missed.before);
  // It may have looked behind the head: what it has told or named is not to come again.
  const seen = missed.events[0]?.position ?? missed.before ?? head;
  const start = seen > head ? seen : head;
  yield* written({ tokens, frames }, missed.events.toReversed(), start, ends);

  let told = start;
  let due = 0;
  let waiting: RecordedEvent[] = [];
  let isAll = true;
  for await (const page of engine.follow({ from: start, filter: wanted.filter, pageSize: PAGE, signal: ends })) {
    waiting.push(...wantedOf(page.events, wanted));
    if (waiting.length > most) {
      waiting = waiting.slice(-most);
      isAll = false;
    }
    // Who is behind reads on, and is told meanwhile.
    if (!page.caughtUp && performance.now() < due + WATCHED_MS) continue;
    await pause(due, ends);
    const [first] = waiting;
    if (!isAll && first) yield skipped(told, first.position);
    yield* written({ tokens, frames }, waiting, page.position, ends);
    told = page.position;
    waiting = [];
    isAll = true;
    due = (Math.floor(performance.now() / WATCHED_MS) + 1) * WATCHED_MS;
  }
}

/** @param position up to which there are no others */
async function* written(
  { tokens, frames }: Pick<TailDeps, 'tokens' | 'frames'>,
  events: readonly RecordedEvent[],
  position: Position,
  ends: AbortSignal,
): AsyncGenerator<Sent> {
  let text = '';
  for (const recorded of events) {
    if (ends.aborted) return;
    const frame = frames.of(recorded);
    text += typeof frame === 'string' ? frame : await frame;
    if (text.length < SENT_CHARACTERS) continue;
    yield { id: tokens.encode(recorded.position), frames: text };
    text = '';
  }
  yield { id: tokens.encode(position), ...(text !== '' && { frames: text }) };
}

/** Of events that the filter has let through. */
function wantedOf(events: readonly RecordedEvent[], { stream, correlationId }: Wanted): readonly RecordedEvent[] {
  if (stream === undefined && correlationId === undefined) return events;
  return events.filter(
    (recorded) =>
      (stream === undefined || recorded.stream === stream) &&
      (correlationId === undefined || correlationOf(recorded) === correlationId),
  );
}

/** Others may have written metadata that are no object. */
function correlationOf({ metadata }: { readonly metadata: unknown }): unknown {
  return (metadata as { readonly correlation_id?: unknown } | null)?.correlation_id;
}

async function pause(until: number, ends: AbortSignal): Promise<void> {
  const rest = until - performance.now();
  if (rest > 0) await sleep(rest, undefined, { signal: ends }).catch(() => undefined);
}
