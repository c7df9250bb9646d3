/** A list that grows page by page, as its reader asks for more. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallOptions } from '../api.js';
import { useAction, useQuery } from '../use-query.js';
import { Failure } from './parts.js';

interface Page<T> {
  readonly data: readonly T[];
  readonly next: string | null;
  /** What the page is true for. */
  readonly logPosition?: string | null;
}

/** @param more of the query of a later page, such as its cursor */
export type ListPage<T> = (more: Readonly<Record<string, string>>, options: CallOptions) => Promise<Page<T>>;

export interface Pages<T> {
  readonly data: readonly T[] | undefined;
  readonly error: Error | undefined;
  /** Of the log, which the first page reflects. */
  readonly position: string | null | undefined;
  readonly isLoading: boolean;
  readonly refresh: () => void;
  /** Nothing was found so far, and the next page is being read. */
  readonly isSearching: boolean;
  readonly more: VNode | null;
}

/** Later pages, as one, with the first page that they follow. */
interface Loaded<T> {
  readonly of: Page<T>;
  readonly page: Page<T>;
}

/** The query of the page that an answer calls the next one. */
export const queryOf = (next: string): Readonly<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(next.slice(next.indexOf('?'))));

/** Pages that are read by themselves as long as none has anything: of the log, each looks at 10,000 events. */
const MOST_EMPTY = 50;

/** @param key names the list: another key reads again; null reads nothing */
export function usePages<T>(key: string | null, list: ListPage<T>): Pages<T> {
  const first = useQuery(key, (signal) => list({}, { signal }));
  const [loaded, setLoaded] = useState<Loaded<T> | null>(null);
  // Never below another first page: something would stand twice, or be left out.
  const later = loaded && loaded.of === first.data ? loaded.page : null;
  const next = later ? later.next : (first.data?.next ?? null);
  const current = useRef(first.data);
  current.current = first.data;
  const action = useAction(async (from: string) => {
    const begun = current.current;
    const { data, next: following } = await list(queryOf(from), {});
    // Meanwhile another list may have been asked for.
    if (begun === undefined || current.current !== begun) return;
    setLoaded((before) => {
      const known = before?.of === begun ? before.page.data : [];
      return { of: begun, page: { data: [...known, ...data], next: following } };
    });
  });
  const isEmpty = first.data?.data.length === 0 && (later?.data.length ?? 0) === 0;
  const empty = useRef(0);
  useEffect(() => void (empty.current = 0), [first.data]);
  useEffect(() => {
    if (!isEmpty || next === null || empty.current === MOST_EMPTY) return;
    empty.current += 1;
    void action.run(next);
  }, [isEmpty, next]);
  const more =
    next === null ? null : (
      <div class="card-body">
        {action.error && <Failure error={action.error} />}
        <button
          disabled={action.isBusy}
          onClick={() => {
            empty.current = 0;
            void action.run(next);
          }}
        >
          {action.isBusy ? 'Loading…' : 'Show more'}
        </button>
      </div>
    );
  return {
    data: first.data && [...first.data.data, ...(later?.data ?? [])],
    error: first.error,
    position: first.data?.logPosition,
    isLoading: first.isLoading,
    refresh: first.refresh,
    isSearching: isEmpty && action.isBusy,
    more,
  };
}
