/** What a rebuild would do, without doing it. */
import type pg from 'pg';
import type { AnyProjection } from '../projecting/projection.js';
import { checkpointOf } from '../projecting/checkpoint-reads.js';
import { allBuilds, readBuild } from './registry.js';

export interface PlannedBuild {
  readonly name: string;
  /** Number of the active build; null where there is none. */
  readonly from: number | null;
  /** Number of the candidate build. */
  readonly build: number;
  /** Events that have taken effect in the active build. */
  readonly events: number;
  /** An interrupted rebuild of the same projection version is resumed. */
  readonly resumes: boolean;
}

export async function planRebuild(pool: pg.Pool, projections: readonly AnyProjection[]): Promise<PlannedBuild[]> {
  const builds = await allBuilds(pool);
  const planned: PlannedBuild[] = [];
  for (const projection of projections) {
    const { name } = projection;
    const own = builds.filter((one) => one.name === name);
    const active = readBuild(builds, projection);
    const left = own.findLast(
      ({ state, version }) => version === projection.version && (state === 'building' || state === 'ready'),
    );
    const build = left?.build ?? 1 + Math.max(0, ...own.map((one) => one.build));
    const events = (active && (await checkpointOf(pool, active))?.events) ?? 0;
    planned.push({ name, from: active?.build ?? null, build, events, resumes: left !== undefined });
  }
  return planned;
}
