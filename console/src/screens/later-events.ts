/** Events of a request that were recorded long after the others: they are looked for from the end of the log. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api.js';
import type { StoredEvent } from '../types.js';
import { queryOf } from '../ui/pages.js';

/** A page; more than ten of them belong into the list of the whole log. */
const LIMIT = 100;
const MOST = 1_000;

interface Found {
  /** Newest first. */
  readonly events: readonly StoredEvent[];
  readonly isLooking: boolean;
  /** Nothing later was in the log at the last look. */
  readonly isDone: boolean;
  /** There are more than can be shown. */
  readonly isFull: boolean;
  readonly error?: Error;
}

export interface Later extends Found {
  readonly look: () => void;
  readonly stop: () => void;
}

const NOTHING: Found = { events: [], isLooking: false, isDone: false, isFull: false };

/** @param after position of the newest event that is known without a look */
export function useLater(correlationId: string, after: string): Later {
  const [found, setFound] = useState(NOTHING);
  const running = useRef<AbortController | null>(null);
  const stop = (): void => {
    running.current?.abort();
    setFound((before) => ({ ...before, isLooking: false }));
  };
  // Another request, or another event of it.
  useEffect(() => {
    setFound(NOTHING);
    return () => running.current?.abort();
  }, [correlationId, after]);
  const look = (): void => {
    const ends = new AbortController();
    running.current = ends;
    const { signal } = ends;
    // Found from the end of the log: one that is there already would come again.
    setFound({ ...NOTHING, isLooking: true });
    const through = async (): Promise<void> => {
      let more: Readonly<Record<string, string>> | null = { after, correlation_id: correlationId, limit: `${LIMIT}` };
      for (let count = 0; more !== null;) {
        const { data, next }: Page = await api.listLogEvents({ ...more }, { signal });
        if (signal.aborted) return;
        count += data.length;
        setFound((before) => ({ ...before, events: [...before.events, ...data] }));
        if (next !== null && count >= MOST) return setFound((it) => ({ ...it, isLooking: false, isFull: true }));
        more = next === null ? null : queryOf(next);
      }
      setFound((before) => ({ ...before, isLooking: false, isDone: true }));
    };
    through().catch((error: unknown) => {
      if (!signal.aborted) setFound((before) => ({ ...before, isLooking: false, error: error as Error }));
    });
  };
  return { ...found, look, stop };
}

interface Page {
  readonly data: readonly StoredEvent[];
  readonly next: string | null;
}
