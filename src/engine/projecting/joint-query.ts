/** Queries on several read models in one statement: one snapshot of all of them, of their checkpoints and of their active builds. */
import type pg from 'pg';
import { Refusal } from '../core/errors.js';
import { type Position, START } from '../core/event-store.js';
import { type BuildId, currentBuild, type Readable } from '../builds/registry.js';
import { isUndefinedName, isUndefinedTable } from '../postgres/errors.js';
import { quarantinedStreams } from '../quarantine/quarantined.js';
import { leastPosition } from './checkpoint-reads.js';
import { schemaName } from './projection.js';
import type { Freshness } from './read-model.js';
import type { CheckpointWatch } from './watch.js';

/** What is asked of one of the read models. */
export interface JointPart {
  readonly model: Readable;
  /**
   * A query for one JSON value. `{schema}` stands for the schema of the build, `{quarantined}` for a query of the streams that are
   * quarantined in it, and `$1` for the value that the caller gives to this part.
   */
  readonly text: string;
}

export interface JointAnswer {
  /** Of each part, in their order; null while one of the read models has no active build. */
  readonly results: readonly unknown[] | null;
  /** All of the read models have reached it. */
  readonly position: Position;
}

/** Numbers of the active builds, in the order of the parts; null where there is none. */
type BuildNumbers = readonly (number | null)[];

/** Switches that one query can fall into; more of them in a row are no switches. */
const MOST_TRIES = 5;

export class JointQuery {
  readonly #current: string;
  /** Those that were read last, at first those of a fresh installation. Each answer tells whether they are still active. */
  #builds: BuildNumbers;

  /** @param name of the prepared statements; it always goes with the same parts */
  constructor(
    readonly pool: pg.Pool,
    readonly watch: CheckpointWatch,
    readonly name: string,
    readonly parts: readonly JointPart[],
  ) {
    this.#current = `json_build_array(${parts.map(({ model }) => currentBuild(model)).join(', ')})`;
    this.#builds = parts.map(() => 1);
  }

  /** @param values one for each part */
  async ask(values: readonly unknown[]): Promise<JointAnswer> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const asked = this.#builds;
      const row = asked.includes(null) ? null : await this.#query(asked as readonly number[], values);
      const builds = row?.builds ?? (await this.#look());
      this.#builds = builds;
      if (row && builds.every((build, i) => build === asked[i])) {
        return { results: row.results, position: row.position ?? START };
      }
      if (builds.includes(null)) break;
    }
    return { results: null, position: START };
  }

  /**
   * Asks again until the answer is fresh enough.
   * @throws Refusal read-model-behind when the read models do not reach `freshness.min` in time
   */
  async fresh<T extends { readonly position: Position }>(ask: () => Promise<T>, freshness?: Freshness): Promise<T> {
    let answer = await ask();
    const min = freshness?.min ?? null;
    if (!freshness || min === null) return answer;
    const deadline = Date.now() + freshness.waitMs;
    while (answer.position < min) {
      const left = deadline - Date.now();
      const again = left > 0 && (await this.#wait(min, left));
      if (again) answer = await ask();
      else if (freshness.lenient) return answer;
      else throw new Refusal('read-model-behind', `The read models of ${this.name} have not got that far.`);
    }
    return answer;
  }

  /** True when all have reached it, or when another build is active: then ask again. */
  async #wait(min: Position, ms: number): Promise<boolean> {
    const reached = await Promise.all(
      this.parts.map(({ model }, i) => this.watch.waitFor(model.name, this.#builds[i] ?? 0, min, ms)),
    );
    return reached.every(Boolean);
  }

  /** Null: a build that is not there, or not any more. */
  async #query(
    builds: readonly number[],
    values: readonly unknown[],
  ): Promise<{ results: unknown[]; position: Position | null; builds: BuildNumbers } | null> {
    const statement = { name: `${this.name}-${builds.join('-')}`, text: this.#text(builds), values: [...values] };
    try {
      const { rows } = await this.pool.query<{ results: unknown[]; position: Position | null; builds: BuildNumbers }>(
        statement,
      );
      return rows[0] ?? null;
    } catch (error) {
      if (isUndefinedTable(error)) return null;
      // A build whose table was changed may have been replaced by one that is whole.
      if (isUndefinedName(error) && (await this.#look()).join() !== builds.join()) return null;
      throw error;
    }
  }

  #text(builds: readonly number[]): string {
    const asked = this.parts.map(({ model: { name } }, i) => ({ name, build: builds[i] as number }));
    const results = this.parts.map(({ text }, i) => {
      const of = asked[i] as BuildId;
      const own = text
        .replaceAll('{schema}', schemaName(of.name, of.build))
        .replaceAll('{quarantined}', quarantinedStreams(of))
        .replaceAll('$1', `$${i + 1}`);
      return `(${own})`;
    });
    return `
      select ${this.#current} as builds, json_build_array(${results.join(', ')}) as results,
        ${leastPosition(asked)} as position`;
  }

  async #look(): Promise<BuildNumbers> {
    const { rows } = await this.pool.query<{ builds: BuildNumbers }>(`select ${this.#current} as builds`);
    return rows[0]?.builds ?? this.parts.map(() => null);
  }
}
