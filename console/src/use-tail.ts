/** What is appended to the log, as it happens. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Input, ProblemError, serverEvents } from './api.js';
import type { StoredEvent } from './types.js';

/** Older events of the tail are dropped, and where more come at a time, older ones are not sent at all: a list that is read again has them. */
const KEPT = 50;
/** What comes within that long is drawn at once: under load, a drawing for each event takes all of the browser's time. */
const SHOW_EVERY_MS = 250;
const AGAIN_MS = 2_000;

export interface Tail {
  /** Newest first. */
  readonly events: readonly StoredEvent[];
  readonly isConnected: boolean;
  /** The API refuses it: it does not come back by itself. */
  readonly isRefused: boolean;
  /** Why there is no tail, for example because the key may not read the log. */
  readonly error: Error | undefined;
  /** Others came since the list, too many to be shown. */
  readonly isPartial: boolean;
}

/** The list that a tail stands above. */
interface List {
  /** The log position of its answer; nothing is followed before there is one. */
  readonly position: string | null | undefined;
  /** Where it is refused, so is its tail. */
  readonly error: Error | undefined;
}

interface Shown {
  readonly key: string;
  readonly events: readonly StoredEvent[];
  readonly isPartial: boolean;
}

/**
 * Shown above a list, it has each event that is not in the list, and none that is.
 * @param isOn paused, it resumes behind the last event that was shown
 */
export function useTail(query: Input<'listLogEvents'>, list: List, isOn: boolean): Tail {
  const from = list.position;
  const key = JSON.stringify([query, from]);
  const nothing: Shown = { key, events: [], isPartial: false };
  const [state, setShown] = useState(nothing);
  // What came after another list is not shown above this one, not even once.
  const shown = state.key === key ? state : nothing;
  const [isConnected, setConnected] = useState(false);
  const [error, setError] = useState<Error>();
  const last = useRef<{ key: string; id: string } | null>(null);
  useEffect(() => {
    if (!isOn || typeof from !== 'string') return;
    const ends = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let showing: ReturnType<typeof setTimeout> | undefined;
    let shownAt = -SHOW_EVERY_MS;
    let waiting: string[] = [];
    const add = (came: readonly StoredEvent[], isPartial: boolean): void =>
      setShown((before) => {
        const { events, isPartial: wasPartial } = before.key === key ? before : nothing;
        const all = [...came, ...events];
        return { key, events: all.slice(0, KEPT), isPartial: isPartial || wasPartial || all.length > KEPT };
      });
    const show = (): void => {
      showing = undefined;
      shownAt = performance.now();
      const came = waiting.slice(-KEPT).map((data) => JSON.parse(data) as StoredEvent);
      const isPartial = waiting.length > KEPT;
      waiting = [];
      add(came.reverse(), isPartial);
    };
    const follow = async (): Promise<void> => {
      const lastId = last.current?.key === key ? last.current.id : undefined;
      try {
        for await (const { id, event, data } of serverEvents(
          'listLogEvents',
          { ...query, after: from, latest: KEPT },
          {
            ...(lastId !== undefined && { lastId }),
            signal: ends.signal,
            onOpen: () => {
              setConnected(true);
              setError(undefined);
            },
            onId: (seen) => (last.current = { key, id: seen }),
          },
        )) {
          // It comes again, behind the last id.
          if (ends.signal.aborted) return;
          if (event === 'problem') continue;
          if (event === 'skipped') {
            add([], true);
            continue;
          }
          if (id !== '') last.current = { key, id };
          waiting.push(data);
          showing ??= setTimeout(show, shownAt + SHOW_EVERY_MS - performance.now());
        }
      } catch (cause) {
        if (ends.signal.aborted) return;
        setError(cause as Error);
        if (isRefusal(cause)) return;
      }
      setConnected(false);
      if (!ends.signal.aborted) timer = setTimeout(() => void follow(), AGAIN_MS);
    };
    void follow();
    return () => {
      clearTimeout(timer);
      clearTimeout(showing);
      // What has come is behind the last id: it would not come again.
      if (waiting.length > 0) show();
      ends.abort();
      setConnected(false);
    };
  }, [key, isOn]);
  const { events, isPartial } = shown;
  return { events, isConnected, isRefused: isRefusal(list.error) || isRefusal(error), error, isPartial };
}

const isRefusal = (error: unknown): boolean => error instanceof ProblemError && error.status < 500;
