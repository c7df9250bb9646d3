import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** In the data folder until a restore is over: of which backup. */
export function restoreNote(dataDir: string): string {
  return join(dataDir, 'restoring');
}

/**
 * What a restore that was killed has left to do; null if there is nothing.
 * @param unmade read models that can't be read yet, and how many events each of them lacks
 */
export function leftOfRestore(
  dataDir: string,
  unmade: readonly { readonly name: string; readonly lag_events: number }[],
): string | null {
  if (unmade.length === 0 || !existsSync(restoreNote(dataDir))) return null;
  if (unmade.every(({ lag_events }) => lag_events === 0)) {
    return 'a restore was broken off before anything of it was there: run orderlog restore FILE again';
  }
  const names = unmade.map(({ name }) => name).join(', ');
  return `a restore was broken off when all was there but read models (${names}): run orderlog restore FILE again, or orderlog rebuild`;
}
