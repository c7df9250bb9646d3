/** Filters live in the address, so that what is shown can be shared and found again. */
import { useLocation } from 'preact-iso';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

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

/**
 * Fills the fields of a form when the address changes. The fields stay the same ones, so the focus stays where it is.
 * @param fields the value of each field, by its name
 */
export function useFilledForm(fields: Readonly<Record<string, string>>): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    for (const [name, value] of Object.entries(fields)) {
      const field = form.current?.elements.namedItem(name);
      if (field instanceof HTMLInputElement) field.value = value;
    }
  }, [JSON.stringify(fields)]);
  return form;
}
