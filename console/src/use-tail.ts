/** What is appended to the log, as it happens. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Input, ProblemError, serverEvents } from './api.js';
import type { StoredEvent } from './types.js';

/** Older events of the tail are dropped, and where more come at a time, older ones are not sent at all: the list below has them. */
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
  /** Others came between these, too many to be shown. */
  readonly isPartial: boolean;
  readonly clear: () => void;
}

/** @param isOn paused, it resumes behind the last event that was shown */
export function useTail(query: Input<'listLogEvents'>, isOn: boolean): Tail {
  const [events, setEvents] = useState<readonly StoredEvent[]>([]);
  const [isConnected, setConnected] = useState(false);
  const [error, setError] = useState<Error>();
  const [isPartial, setPartial] = useState(false);
  const last = useRef<{ key: string; id: string } | null>(null);
  const key = JSON.stringify(query);
  const clear = (): void => {
    setEvents([]);
    setPartial(false);
  };
  useEffect(() => {
    if (last.current?.key !== key) clear();
    if (!isOn) return;
    const ends = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let showing: ReturnType<typeof setTimeout> | undefined;
    let shownAt = -SHOW_EVERY_MS;
    let waiting: string[] = [];
    const show = (): void => {
      showing = undefined;
      shownAt = performance.now();
      const came = waiting.slice(-KEPT).map((data) => JSON.parse(data) as StoredEvent);
      waiting = [];
      setEvents((before) => [...came.reverse(), ...before].slice(0, KEPT));
    };
    const follow = async (): Promise<void> => {
      const lastId = last.current?.key === key ? last.current.id : undefined;
      try {
        for await (const { id, event, data } of serverEvents(
          'listLogEvents',
          { ...query, latest: KEPT },
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
          if (event === 'problem') continue;
          if (event === 'skipped') {
            setPartial(true);
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
  return { events, isConnected, isRefused: isRefusal(error), error, isPartial, clear };
}

const isRefusal = (error: unknown): boolean => error instanceof ProblemError && error.status < 500;
