/** A list that grows page by page, as its reader asks for more. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, get, type Query } from '../api.js';
import { useAction, useQuery } from '../use-query.js';
import { Failure } from './parts.js';

export interface Pages<T> {
  readonly data: readonly T[] | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  readonly refresh: () => void;
  readonly more: VNode | null;
}

/** @param path of a list of the API; null reads nothing */
export function usePages<T>(path: string | null, query: Query = {}): Pages<T> {
  const key = path === null ? null : `${path} ${JSON.stringify(query)}`;
  const first = useQuery(key, (signal) => get<readonly T[]>(path ?? '', query, signal));
  const [later, setLater] = useState<{ rows: readonly T[]; next: string | null } | null>(null);
  useEffect(() => setLater(null), [first.data]);
  const next = later ? later.next : (first.data?.next ?? null);
  const action = useAction(async (from: string) => {
    const { data, next: following } = await call<readonly T[]>('GET', from);
    setLater((before) => ({ rows: [...(before?.rows ?? []), ...data], next: following }));
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
    data: first.data && [...first.data.data, ...(later?.rows ?? [])],
    error: first.error,
    isLoading: first.isLoading,
    refresh: first.refresh,
    more,
  };
}
