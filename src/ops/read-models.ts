/** The read models with their builds: which one is read, which can be gone back to, which is being made. */
import { z } from 'zod';
import type { AnyProjection, Engine, Position } from '../engine/index.js';

export interface ReadModelsDeps {
  readonly engine: Pick<Engine, 'listBuilds'>;
  readonly projections: readonly AnyProjection[];
  readonly tokens: { encode(position: Position): string };
}

const build = z.strictObject({
  build: z.int(),
  /** Of the code that makes it. */
  projection_version: z.int(),
  state: z.enum(['active', 'standby', 'candidate']),
  /** False for a candidate that still lacks rows. */
  ready: z.boolean(),
  checkpoint: z.string(),
  events: z.int(),
  made_at: z.iso.datetime(),
  switched_at: z.iso.datetime().nullable(),
  kept_until: z.iso.datetime().nullable(),
});

export const readModelSchema = z.strictObject({
  name: z.string(),
  projection_version: z.int(),
  builds: z.array(build),
});

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
