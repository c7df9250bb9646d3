/** Reading and writing from screens: what is loading, what came, what went wrong. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { isBehind, isDenied, NoAnswerError } from './api.js';

export interface Query<T> {
  /** What came last, also while the next answer is awaited. */
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  readonly refresh: () => void;
}

interface State<T> {
  readonly key: string | null;
  readonly data?: T | undefined;
  readonly error?: Error | undefined;
  readonly isLoading: boolean;
}

export interface QueryOptions {
  /** Milliseconds until it is read again, while the page can be seen. */
  readonly every?: number;
}

/** Until a read model that is behind is asked again, and a server that is away. */
const BEHIND_MS = 1_000;
const AWAY_MS = 5_000;
const NEVER = Infinity;

function pauseAfter(error: Error | undefined): number | undefined {
  if (isBehind(error)) return BEHIND_MS;
  if (error instanceof NoAnswerError) return AWAY_MS;
  // Another answer would need another key.
  return isDenied(error) ? NEVER : undefined;
}

/** @param key names what is read: another key reads again; null reads nothing */
export function useQuery<T>(
  key: string | null,
  read: (signal: AbortSignal) => Promise<T>,
  { every }: QueryOptions = {},
): Query<T> {
  const [state, setState] = useState<State<T>>({
    key,
    isLoading: key !== null,
  });
  const [round, setRound] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    if (key === null) return;
    const ends = new AbortController();
    setState((before) => (before.key === key ? { ...before, isLoading: true } : { key, isLoading: true }));
    void latest
      .current(ends.signal)
      .then(
        (data) => ({ data, error: undefined }),
        (error: unknown) => ({ error: error as Error }),
      )
      .then((outcome) => {
        if (!ends.signal.aborted) setState((before) => ({ ...before, key, isLoading: false, ...outcome }));
      });
    return () => ends.abort();
  }, [key, round]);
  const pause = pauseAfter(state.error) ?? every;
  // Behind the answer, not beside it: a server that is slow or away is not asked faster than it answers.
  useEffect(() => {
    if (pause === undefined || pause === NEVER || key === null || state.isLoading) return;
    const again = (): void => {
      if (document.visibilityState === 'visible') setRound((before) => before + 1);
    };
    const timer = setTimeout(again, pause);
    document.addEventListener('visibilitychange', again);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, [pause, key, state.isLoading]);
  const refresh = useCallback(() => setRound((before) => before + 1), []);
  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : undefined,
    error: isCurrent ? state.error : undefined,
    isLoading: key !== null && (!isCurrent || state.isLoading),
    refresh,
  };
}

export interface Action<A extends readonly unknown[]> {
  readonly run: (...args: A) => Promise<boolean>;
  readonly isBusy: boolean;
  readonly error: Error | undefined;
}

/** @returns what does it once at a time; `run` resolves to whether it was done */
export function useAction<A extends readonly unknown[]>(act: (...args: A) => Promise<unknown>): Action<A> {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const run = async (...args: A): Promise<boolean> => {
    setBusy(true);
    setError(undefined);
    try {
      await act(...args);
      return true;
    } catch (cause) {
      setError(cause as Error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { run, isBusy, error };
}
