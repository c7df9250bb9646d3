/** A list that grows page by page, as its reader asks for more. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { CallOptions } from '../api.js';
import { useAction, useQuery } from '../use-query.js';
import { Failure } from './parts.js';

interface Page<T> {
  readonly data: readonly T[];
  readonly next: string | null;
}

/** @param more of the query of a later page, such as its cursor */
export type ListPage<T> = (more: Readonly<Record<string, string>>, options: CallOptions) => Promise<Page<T>>;

export interface Pages<T> {
  readonly data: readonly T[] | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  readonly refresh: () => void;
  readonly more: VNode | null;
}

/** The query of the page that an answer calls the next one. */
export const queryOf = (next: string): Readonly<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(next.slice(next.indexOf('?'))));

/** @param key names the list: another key reads again; null reads nothing */
export function usePages<T>(key: string | null, list: ListPage<T>): Pages<T> {
  const first = useQuery(key, (signal) => list({}, { signal }));
  const [later, setLater] = useState<Page<T> | null>(null);
  useEffect(() => setLater(null), [first.data]);
  const next = later ? later.next : (first.data?.next ?? null);
  const action = useAction(async (from: string) => {
    const { data, next: following } = await list(queryOf(from), {});
    setLater((before) => ({ data: [...(before?.data ?? []), ...data], next: following }));
  });
  const more =
    next === null ? null : (
      <div class="card-body">
        {action.error && <Failure error={action.error} />}
        <button onClick={() => void action.run(next)} disabled={action.isBusy}>
          {action.isBusy ? 'Loading…' : 'Show more'}
        </button>
      </div>
    );
  return {
    data: first.data && [...first.data.data, ...(later?.data ?? [])],
    error: first.error,
    isLoading: first.isLoading,
    refresh: first.refresh,
    more,
  };
}
