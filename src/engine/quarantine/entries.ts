import type pg from 'pg';
import { StreamNotFound } from '../core/errors.js';
import { type EventStore, START } from '../core/event-store.js';
import { allBuilds, type Build } from '../builds/registry.js';
import { checkpointOf } from '../projecting/checkpoint-reads.js';
import type { AnyProjection } from '../projecting/projection.js';
import { concerns } from '../projecting/reads.js';
import { checkpointIdOf, isReactor, type Reactor } from '../reacting/reactor.js';
import { type QuarantineEntry, quarantinedIn } from './quarantined.js';

/** What has quarantined keys: a projection, or a reactor. */
export type Quarantining = AnyProjection | Reactor;

/** A key that waits, with the build that it waits in. */
export interface Entry {
  readonly follower: Quarantining;
  readonly build: Build;
  readonly held: QuarantineEntry;
}

/** What waits in these, in their order and that of the log. */
export async function entriesOf(pool: pg.Pool, followers: readonly Quarantining[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const { follower, build } of await buildsOf(pool, followers)) {
    entries.push(...(await quarantinedIn(pool, build)).map((held) => ({ follower, build, held })));
  }
  return entries;
}

/** Their builds. A reactor has one checkpoint, which is told of as a build of its own. */
export async function buildsOf(
  pool: pg.Pool,
  followers: readonly Quarantining[],
): Promise<{ readonly follower: Quarantining; readonly build: Build }[]> {
  const builds = await allBuilds(pool);
  return followers.flatMap((follower) => {
    const { version, name } = follower;
    const own = isReactor(follower)
      ? [{ ...checkpointIdOf(follower), version, state: 'active' as const, keptUntil: null }]
      : builds.filter((build) => build.name === name);
    return own.map((build) => ({ follower, build }));
  });
}

/** Why today's code can't retry the key, if it can't. */
export function notHere({ follower, build }: Entry): string | null {
  if (build.version !== follower.version)
    return `build ${build.build} was made by version ${build.version} of the projection, and this is ${follower.version}`;
  return build.state === 'building' ? `build ${build.build} is being made: when it is there, retry` : null;
}

/**
 * How many events of the key wait: the one that it waits at, and those behind it that the build has come past. The checkpoint of a
 * reactor may still be before both.
 */
export async function waitingEvents(
  { pool, store }: { readonly pool: pg.Pool; readonly store: EventStore },
  { follower, build, held }: Entry,
): Promise<number> {
  const reached = (await checkpointOf(pool, build))?.position ?? START;
  const until = reached > held.position ? reached : held.position;
  let events = 0;
  try {
    for await (const event of store.read(held.stream, { from: held.revision })) {
      if (event.position > until) break;
      if (concerns(follower, event)) events += 1;
    }
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
  }
  return events;
}
