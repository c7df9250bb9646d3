/** Back to the build that was active before the last switch, never to a position before one that was answered for. */
import type { AnyProjection } from '../projecting/projection.js';
import { followTo, type RebuildDeps } from './follow-build.js';
import { withModelLocks } from './model-locks.js';
import { allBuilds, lastStandby, readBuild } from './registry.js';
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
    const number = await lastStandby(deps.pool, projection);
    const standby = builds.find((one) => one.name === name && one.build === number);
    if (!active || !standby) throw new NoStandby(`there is no standby build of ${name}`);
    const ends = AbortSignal.any([signal, held]);
    await followTo(deps, [{ name, build: standby.build, projection }], ends, async (atTheHead) => {
      do await atTheHead(standby);
      while (!(await switchTo(deps.pool, standby, keepSeconds, degraded)));
    });
    return { from: active.build, to: standby.build };
  });
}
