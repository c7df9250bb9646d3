/** Filters live in the address, so that what is shown can be shared and found again. */
import { useLocation } from 'preact-iso';

export interface Filters {
  readonly values: Readonly<Record<string, string>>;
  readonly set: (changes: Readonly<Record<string, string | null>>) => void;
}

export function useFilters(): Filters {
  const { query, path, route } = useLocation();
  const values = query as Readonly<Record<string, string>>;
  return {
    values,
    set: (changes) => {
      const next = new URLSearchParams(values);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
      }
      const text = next.toString();
      route(text === '' ? path : `${path}?${text}`, true);
    },
  };
}
