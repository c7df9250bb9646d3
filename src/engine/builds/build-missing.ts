import type { RebuildDeps } from './follow-build.js';
import { BackOff, pause } from '../postgres/back-off.js';
import { allBuilds } from './registry.js';
import { ModelBusy } from './model-locks.js';
import type { AnyProjection } from '../projecting/projection.js';
import { rebuild } from './rebuild.js';

/** The process that does it may die: how often another process looks whether it is done. */
const BUSY_MS = 2_000;

/**
 * After a deployment that has changed projections: makes the builds of their new versions beside those of the old ones, which
 * are read until then, and switches to each when it is ready. Ends when nothing is missing, or with the signal; never rejects.
 */
export async function buildMissing(
  deps: RebuildDeps,
  projections: readonly AnyProjection[],
  { keepSeconds, signal }: { readonly keepSeconds: number; readonly signal: AbortSignal },
): Promise<void> {
  const { pool, log } = deps;
  const backOff = new BackOff();
  const nothing = (): void => undefined;
  while (!signal.aborted) {
    try {
      const missing = await missingIn(pool, projections);
      if (missing.length === 0) return;
      log.info({ models: missing.map(({ name }) => name) }, 'read models of an older version are being rebuilt');
      const made = await rebuild(deps, missing, {
        ...{ jobs: 1, switch: true, keepSeconds, signal },
        ...{ stretch: nothing, done: nothing },
      });
      for (const { name, version, seconds } of made)
        log.info({ model: name, version, seconds }, 'built and switched to');
    } catch (error) {
      if (signal.aborted) return;
      const retry_ms = Math.round(error instanceof ModelBusy ? BUSY_MS : backOff.next());
      const message = error instanceof Error ? error.message : String(error);
      log.warn({ message, retry_ms }, 'read models of an older version are not rebuilt yet');
      await pause(retry_ms, signal);
    }
  }
}

/** Those that have an active build, but none of the version of today. */
async function missingIn(pool: RebuildDeps['pool'], projections: readonly AnyProjection[]): Promise<AnyProjection[]> {
  const active = (await allBuilds(pool)).filter(({ state }) => state === 'active');
  return projections.filter(({ name, version }) => {
    const own = active.filter((one) => one.name === name);
    return own.length > 0 && !own.some((one) => one.version === version);
  });
}
