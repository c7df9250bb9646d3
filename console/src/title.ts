/** The title of the tab: the page, or the thing that is looked at. A browser keeps it, so it names no person. */
import { useEffect } from 'preact/hooks';
import { named } from './format.js';

let page = 'Orderlog';

export function setPageTitle(name: string): void {
  page = `${name} – Orderlog`;
  document.title = page;
}

/** @param name undefined as long as it is not known */
export function useTitle(name: string | undefined): void {
  useEffect(() => {
    if (name === undefined) return;
    document.title = `${named(name)} – ${page}`;
    return () => void (document.title = page);
  }, [name]);
}
