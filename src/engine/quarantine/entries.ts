import type pg from 'pg';
import { StreamNotFound } from '../core/errors.js';
import type { EventStore, Position } from '../core/event-store.js';
import { allBuilds, type Build } from '../builds/registry.js';
import { checkpointOf } from '../projecting/checkpoint-reads.js';
import type { AnyProjection } from '../projecting/projection.js';
import { concerns } from '../projecting/reads.js';
import { type QuarantineEntry, quarantinedIn } from './quarantined.js';

/** A key that waits, with the build that it waits in. */
export interface Entry {
  readonly projection: AnyProjection;
  readonly build: Build;
  readonly held: QuarantineEntry;
}

/** What waits in these models, in the order of the models and of the log. */
export async function entriesOf(pool: pg.Pool, projections: readonly AnyProjection[]): Promise<Entry[]> {
  const builds = await allBuilds(pool);
  const entries: Entry[] = [];
  for (const projection of projections) {
    for (const build of builds.filter(({ name }) => name === projection.name)) {
      entries.push(...(await quarantinedIn(pool, build)).map((held) => ({ projection, build, held })));
    }
  }
  return entries;
}

/** Why today's code can't let the key go on, if it can't. */
export function notHere({ projection, build }: Entry): string | null {
  if (build.version !== projection.version)
    return `build ${build.build} was made by version ${build.version} of the projection, and this is ${projection.version}`;
  return build.state === 'building' ? `build ${build.build} is being made: when it is there, retry` : null;
}

/** How many events of the key wait: the one that it waits at, and those behind it that the build has come past. */
export async function waitingEvents(
  { pool, store }: { readonly pool: pg.Pool; readonly store: EventStore },
  { projection, build, held }: Entry,
): Promise<number> {
  const until: Position | undefined = (await checkpointOf(pool, build))?.position;
  let events = 0;
  try {
    for await (const event of store.read(held.stream, { from: held.revision })) {
      if (until === undefined || event.position > until) break;
      if (concerns(projection, event)) events += 1;
    }
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
  }
  return events;
}
