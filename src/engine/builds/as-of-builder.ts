/** The process that makes as-of builds: it is asked by its parent, and ends with it. */
import type { EventStore } from '../core/event-store.js';
import { openLog } from '../log/open.js';
import { giveWay } from '../postgres/background.js';
import { createPool } from '../postgres/pool.js';
import type { AnyProjection } from '../projecting/projection.js';
import { makeAsOfBuild } from './as-of-build.js';
import { type BuildAnswer, type BuildQuestion, failedBuild, type Stores } from './as-of-process.js';
import type { AsOfBuild } from './as-of-registry.js';
import { hasBulk } from './load-target.js';

type Pool = ReturnType<typeof createPool>;

const CONNECTIONS = 4;

type Opened = Promise<{ readonly pool: Pool; readonly store: EventStore }>;

/** Answers the parent process until it ends. Call it once, in a process that does nothing else. */
export function makeAsOfBuildsForParent(projections: readonly AnyProjection[]): void {
  giveWay();
  // A signal to the whole group is for the parent to answer: it ends this process when it ends.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  process.on('disconnect', () => process.exit());
  const builder = new Builder(projections);
  process.on('message', (question: BuildQuestion) => {
    void builder.answer(question).then((answered) => process.send?.(answered));
  });
}

class Builder {
  #opened: Opened | null = null;

  constructor(private readonly projections: readonly AnyProjection[]) {}

  async answer(question: BuildQuestion): Promise<BuildAnswer> {
    try {
      return { made: await this.#build(question) };
    } catch (error) {
      return { failed: failedBuild(error) };
    }
  }

  async #build({ model, position, ...stores }: BuildQuestion): Promise<AsOfBuild> {
    this.#opened ??= open(stores);
    const { pool, store } = await this.#opened.catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
    const projection = this.projections.find(({ name }) => name === model);
    if (!projection || !hasBulk(projection)) throw new Error(`${model} has no bulk path`);
    return makeAsOfBuild({ pool, store, projection, position, signal: new AbortController().signal });
  }
}

async function open({ connection, eventStoreUrl, embedded }: Stores): Promise<{ pool: Pool; store: EventStore }> {
  const options = {
    max: CONNECTIONS,
    applicationName: 'orderlog-as-of',
    kind: 'work',
    inBackground: embedded,
  } as const;
  const pool = createPool(connection, options);
  return { pool, store: await openLog(eventStoreUrl ?? pool) };
}
