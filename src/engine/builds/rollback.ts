/** Back to the build that was active before the last switch, never to a position before one that was answered for. */
import type pg from 'pg';
import type { AnyProjection } from '../projecting/projection.js';
import { followTo, type RebuildDeps } from './follow-build.js';
import { withModelLocks } from './model-locks.js';
import { allBuilds, type Build, readBuild } from './registry.js';
import { switchTo } from './switch.js';

/** There is no standby build: its time is over, or there was no switch. */
export class NoStandby extends Error {
  override readonly name = 'NoStandby';
}

export interface RollbackOptions {
  /** Also to a build with keys in quarantine that are not quarantined in the active one. */
  readonly degraded: boolean;
  readonly keepSeconds: number;
  readonly signal: AbortSignal;
}

export interface RolledBack {
  /** Numbers of the builds. */
  readonly from: number;
  readonly to: number;
}

/** @throws NoStandby, ModelBusy, WorseThanLive unless `degraded` */
export function rollback(
  deps: RebuildDeps,
  projection: AnyProjection,
  { degraded, keepSeconds, signal }: RollbackOptions,
): Promise<RolledBack> {
  const { name } = projection;
  return withModelLocks(deps.pool, [name], async (held) => {
    const builds = await allBuilds(deps.pool);
    const active = readBuild(builds, projection);
    const standby = await lastStandby(deps.pool, builds, projection);
    if (!active || !standby) throw new NoStandby(`there is no standby build of ${name}`);
    const ends = AbortSignal.any([signal, held]);
    await followTo(deps, [{ name, build: standby.build, projection }], ends, async (atTheHead) => {
      do await atTheHead(standby);
      while (!(await switchTo(deps.pool, standby, keepSeconds, degraded)));
    });
    return { from: active.build, to: standby.build };
  });
}

async function lastStandby(
  pool: pg.Pool,
  builds: readonly Build[],
  { name, version }: AnyProjection,
): Promise<Build | null> {
  const { rows } = await pool.query<{ build: number }>(
    `select number as build from orderlog.builds
     where model = $1 and version = $2 and state = 'standby' and kept_until > clock_timestamp()
     order by switched_at desc limit 1`,
    [name, version],
  );
  return builds.find((one) => one.name === name && one.build === rows[0]?.build) ?? null;
}
