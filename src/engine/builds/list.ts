/** Every build of the read models with its checkpoint, for those who look after them. */
import type pg from 'pg';
import { type Position, START } from '../core/event-store.js';
import { allCheckpoints } from '../projecting/checkpoint-reads.js';
import { datedBuilds, type DatedBuild } from './registry.js';

export interface ListedBuild extends DatedBuild {
  readonly checkpoint: Position;
  /** That have taken effect in it. */
  readonly events: number;
}

/** By model and number. */
export async function listBuilds(pool: pg.Pool): Promise<ListedBuild[]> {
  const checkpoints = await allCheckpoints(pool);
  return (await datedBuilds(pool)).map((build) => {
    const own = checkpoints.find((one) => one.name === build.name && one.build === build.build);
    return { ...build, checkpoint: own?.position ?? START, events: own?.events ?? 0 };
  });
}
