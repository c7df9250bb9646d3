/** `orderlog rebuild` and `orderlog rollback`. */
import type pg from 'pg';
import { allBuilds, type Build, checkpointOf, readBuild } from '../engine/builds/registry.js';
import { withModelLocks } from '../engine/builds/model-locks.js';
import type { AnyProjection } from '../engine/projecting/projection.js';
import { switchTo } from '../engine/builds/switch.js';
import { WorseThanLive } from '../engine/builds/worse-than-live.js';
import { type CommandResult, WrongUse } from './output.js';
import type { Progress } from '../engine/core/progress.js';
import { table } from './table.js';
import { followTo } from '../engine/builds/follow-build.js';
import { rebuild, type RebuildDeps, type Rebuilt } from '../engine/builds/rebuild.js';

export interface RebuildCommand {
  readonly models: readonly string[];
  readonly jobs: number;
  readonly dryRun: boolean;
  readonly switch: boolean;
  readonly keepSeconds: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** @throws WrongUse for a model that there is not, and what rebuilding throws */
export async function rebuildResult(
  deps: RebuildDeps & { readonly projections: readonly AnyProjection[] },
  command: RebuildCommand,
): Promise<CommandResult> {
  const projections = chosen(deps.projections, command.models);
  if (command.dryRun) return dryRun(deps, projections);
  const { progress } = command;
  try {
    const models = await rebuild(deps, projections, {
      ...command,
      stretch: (what, total) => {
        progress.start(what, total);
      },
      done: (by) => {
        progress.advance(by);
      },
    });
    progress.stop();
    return { document: { models }, text: rebuiltText(models), exitCode: 0 };
  } finally {
    progress.stop();
  }
}

/** The read models of these names, in the order of the registry; all if there are none. @throws WrongUse */
export function chosen(projections: readonly AnyProjection[], names: readonly string[]): readonly AnyProjection[] {
  const unknown = names.filter((name) => !projections.some((one) => one.name === name));
  if (unknown.length > 0) {
    const known = projections.map(({ name }) => name).join(', ');
    throw new WrongUse(`there is no read model ${unknown.join(', ')}: there are ${known}`);
  }
  return names.length === 0 ? projections : projections.filter(({ name }) => names.includes(name));
}

/** What a rebuild would do: nothing is made. */
async function dryRun({ pool }: RebuildDeps, projections: readonly AnyProjection[]): Promise<CommandResult> {
  const builds = await allBuilds(pool);
  const models: (Rebuilt & { readonly from: number | null; readonly resumes: boolean })[] = [];
  for (const projection of projections) {
    const { name } = projection;
    const own = builds.filter((one) => one.name === name);
    const live = readBuild(builds, projection);
    const left = own.findLast(
      ({ state, version }) => version === projection.version && (state === 'building' || state === 'ready'),
    );
    const version = left?.build ?? 1 + Math.max(0, ...own.map(({ build }) => build));
    const events = (live && (await checkpointOf(pool, live))?.events) ?? 0;
    const resumes = left !== undefined;
    models.push({ name, version, events, rows: 0, seconds: 0, switched: false, from: live?.build ?? null, resumes });
  }
  const rows = models.map((model) => [
    model.name,
    model.from === null ? 'none' : `v${model.from}`,
    `v${model.version}${model.resumes ? ', goes on' : ''}`,
    `${model.events} events`,
  ]);
  const text = [...table([['model', 'read now', 'would be built', ''], ...rows]), 'nothing was done'].join('\n');
  return { document: { models, dry_run: true }, text, exitCode: 0 };
}

function rebuiltText(models: readonly Rebuilt[]): string {
  const rows = models.map((model) => [
    model.name,
    `v${model.version}`,
    `${model.events} events`,
    `${model.rows} rows`,
    `${model.seconds} s`,
    model.switched ? 'switched' : 'ready, not switched',
  ]);
  return table([['model', 'build', '', '', '', ''], ...rows]).join('\n');
}

export interface RollbackCommand {
  readonly model: string;
  /** Also to a build in which keys wait that do not wait in the one that is read. */
  readonly degraded: boolean;
  readonly keepSeconds: number;
  readonly signal: AbortSignal;
}

/** Back to the build that was read before the last switch, never to a place earlier than what was answered. @throws WrongUse */
export async function rollbackResult(
  deps: RebuildDeps & { readonly projections: readonly AnyProjection[] },
  { model, degraded, keepSeconds, signal }: RollbackCommand,
): Promise<CommandResult> {
  const [projection] = chosen(deps.projections, [model]) as [AnyProjection];
  return withModelLocks(deps.pool, [model], async (held) => {
    const builds = await allBuilds(deps.pool);
    const before = readBuild(builds, projection);
    const kept = await lastKept(deps, builds, projection);
    if (!before || !kept) {
      throw new WrongUse(`there is no build of ${model} to go back to: it is kept for an hour, or to the next switch`);
    }
    const ends = AbortSignal.any([signal, held]);
    await followTo(deps, [{ name: model, build: kept.build, projection }], ends, async (atTheHead) => {
      do await atTheHead(kept);
      while (!(await switchBack(deps.pool, kept, keepSeconds, degraded)));
    });
    const document = { model, from: before.build, to: kept.build };
    return { document, text: `${model} is read from build ${kept.build} again, not from ${before.build}`, exitCode: 0 };
  });
}

/** @throws WrongUse where something of what is read would be gone */
async function switchBack(pool: pg.Pool, to: Build, keepSeconds: number, degraded: boolean): Promise<boolean> {
  try {
    return await switchTo(pool, to, keepSeconds, degraded);
  } catch (error) {
    if (!(error instanceof WorseThanLive)) throw error;
    throw new WrongUse(
      `${error.loss}. First orderlog quarantine retry ${error.stream}, or go back all the same, with what waits left out ` +
        'of the answers: --degraded',
      { cause: error },
    );
  }
}

async function lastKept(
  { pool }: RebuildDeps,
  builds: readonly Build[],
  { name, version }: AnyProjection,
): Promise<Build | null> {
  const { rows } = await pool.query<{ build: number }>(
    `select number as build from orderlog.builds
     where model = $1 and version = $2 and state = 'kept' and kept_until > clock_timestamp()
     order by switched_at desc limit 1`,
    [name, version],
  );
  return builds.find((one) => one.name === name && one.build === rows[0]?.build) ?? null;
}
