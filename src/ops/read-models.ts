/** The read models with their builds: which one is read, which can be gone back to, which is being made. */
import { z } from 'zod';
import type { AnyProjection, Engine, Position } from '../engine/index.js';
import { count, time } from '../http/schemas.js';

export interface ReadModelsDeps {
  readonly engine: Pick<Engine, 'listBuilds'>;
  readonly projections: readonly AnyProjection[];
  readonly tokens: { encode(position: Position): string };
}

const build = z
  .strictObject({
    build: count,
    projection_version: count.meta({ description: 'Of the code that makes the build.' }),
    state: z.enum(['active', 'standby', 'candidate']).meta({ id: 'BuildState' }),
    ready: z.boolean().meta({ description: 'False for a candidate that still lacks rows.' }),
    checkpoint: z.string(),
    events: count,
    made_at: time,
    switched_at: time.nullable(),
    kept_until: time.nullable(),
  })
  .meta({ id: 'Build' });

export const readModelSchema = z
  .strictObject({ name: z.string(), projection_version: count, builds: z.array(build) })
  .meta({ id: 'ReadModel' });

/** In the order of the registry; the builds of each by number. */
export async function readModels(deps: ReadModelsDeps): Promise<z.infer<typeof readModelSchema>[]> {
  const { engine, projections, tokens } = deps;
  const builds = await engine.listBuilds();
  return projections.map(({ name, version }) => ({
    name,
    projection_version: version,
    builds: builds
      .filter((one) => one.name === name)
      .map((one) => ({
        build: one.build,
        projection_version: one.version,
        state: one.state === 'building' || one.state === 'ready' ? 'candidate' : one.state,
        ready: one.state !== 'building',
        checkpoint: tokens.encode(one.checkpoint),
        events: one.events,
        made_at: one.madeAt,
        switched_at: one.switchedAt,
        kept_until: one.keptUntil,
      })),
  }));
}
