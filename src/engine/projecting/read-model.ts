import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../core/errors.js';
import type { Position } from '../core/event-store.js';
import { isUndefinedName, isUndefinedTable } from '../postgres/errors.js';
import { currentBuild, type Readable } from '../builds/registry.js';
import type { CheckpointWatch } from './watch.js';
import { standingJoined } from './checkpoint-reads.js';
import { FIRST_WAITING, quarantinedOf } from '../quarantine/quarantined.js';
import { inSchemas, schemaName } from './projection.js';
import { type AsOfBuild, rowsOfAsOfBuilds } from '../builds/as-of-registry.js';
import type { AsOfBuilds } from '../builds/as-of-builds.js';

/** How fresh an answer must be. */
export interface Freshness {
  /** The position that the read model must have reached. */
  readonly min: Position | null;
  /** How long that is waited for, in milliseconds. */
  readonly waitMs: number;
  /** After that: an older answer rather than none. */
  readonly lenient: boolean;
  /** Not as it is, but as it was at this position; then there is no `min`, and the reader waits for an as-of build. */
  readonly at?: Position;
}

/** What an answer is true for. */
export interface Standing {
  /** A position of the log. */
  readonly position: Position;
  /** How many keys that it enters wait at an event that could not be applied: of these it shows what was before. */
  readonly degraded: number;
  /** Of an answer about all keys, while some wait: the position of the first event that waits. */
  readonly waits?: Position;
}

export interface Answer<Row> extends Standing {
  /** Names the builds that were read: what is kept of an answer is no answer for other builds. */
  readonly builds: string;
  readonly rows: Row[];
}

type Wrapped<Row> = Row & {
  readonly _position: Position | null;
  readonly _degraded: number | null;
  readonly _waits: Position | null;
  readonly _lost: boolean | null;
  /** The builds that were to be read at the moment of the snapshot. */
  readonly _builds: Builds;
  readonly _row: true | null;
};

/** Runs a statement when it is its turn: the rows of large answers are not to be in memory all at once. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

const atOnce: Turn = (work) => work();

/** The number of a build of each model, in their order; null where there is none. */
type Builds = readonly (number | null)[];

interface Question {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** The only key that makes the answer a degraded one; null for any. */
  readonly key: string | null;
  readonly turn: Turn;
}

/** A checkpoint that was reached and is behind again (the database crashed) is looked at no more often than this. */
const AGAIN_MS = 20;
/** Switches that one query can fall into; more of them in a row are no switches. */
const MOST_TRIES = 5;

/**
 * Queries on the tables of one read model, of the build that is read at the moment. With others beside it, a query joins their
 * tables too: then an answer is true for the least of their positions, and waits until all have reached what is asked for.
 */
export class ReadModel {
  readonly #texts = new Map<string, string>();
  readonly #models: readonly Readable[];
  readonly #current: string;
  /** The builds that were read last; whether they still are, each answer tells. */
  #builds: readonly number[] | null = null;

  constructor(
    readonly pool: Pick<pg.Pool, 'query'>,
    readonly model: Readable,
    readonly watch: CheckpointWatch,
    readonly asOf: AsOfBuilds | null = null,
    beside: readonly Readable[] = [],
  ) {
    this.#models = [model, ...beside];
    this.#current = `json_build_array(${this.#models.map(currentBuild).join(', ')})`;
  }

  /**
   * Rows, and the checkpoint they belong to, from one statement, which is one snapshot. `{schema}` in the text stands for
   * the read model's schema, and `{schema:name}` for that of a model beside it; the same name always goes with the same text.
   * @throws Refusal read-model-behind: not there in time, or not made yet
   */
  query<Row extends object>(
    name: string,
    text: string,
    values: readonly unknown[],
    freshness?: Freshness,
    turn: Turn = atOnce,
  ): Promise<Answer<Row>> {
    return this.#ask<Row>({ name, text, values, key: null, turn }, freshness);
  }

  /** As `query`, of one thing: only its own key makes the answer a degraded one. @param stream of the thing */
  queryOne<Row extends object>(
    stream: string,
    name: string,
    text: string,
    values: readonly unknown[],
    freshness?: Freshness,
  ): Promise<Answer<Row>> {
    return this.#ask<Row>({ name, text, values, key: stream, turn: atOnce }, freshness);
  }

  async #ask<Row extends object>(question: Question, freshness?: Freshness): Promise<Answer<Row>> {
    if (freshness?.at !== undefined) return this.#asOf<Row>(freshness.at, freshness.waitMs, question);
    const min = freshness?.min ?? null;
    let answer = await this.#query<Row>(question, min !== null);
    if (!freshness || min === null) return answer ?? this.#isNotThere();
    const deadline = Date.now() + freshness.waitMs;
    while (!answer || answer.position < min) {
      const left = deadline - Date.now();
      // A switch ends the wait as well: then the other build is asked, and waited for.
      const again = left > 0 && (await this.#wait(min, left));
      if (again) {
        answer = await this.#query<Row>(question, true);
        if (!answer || answer.position < min) await sleep(AGAIN_MS);
        continue;
      }
      if (freshness.lenient) return answer ?? this.#isNotThere();
      this.#isNotThere();
    }
    return answer;
  }

  /** True when all have reached it, or other builds are read: then ask again. */
  async #wait(min: Position, ms: number): Promise<boolean> {
    const reached = this.#models.map(({ name }, i) => this.watch.waitFor(name, this.#builds?.[i] ?? 0, min, ms));
    return (await Promise.all(reached)).every(Boolean);
  }

  /** The same query on as-of builds: one that is dropped while it is about to be read is made again. */
  async #asOf<Row extends object>(at: Position, waitMs: number, question: Question): Promise<Answer<Row>> {
    const { text, values, key, turn } = question;
    const deadline = Date.now() + waitMs;
    for (let tries = 0; this.asOf && tries < MOST_TRIES; tries++) {
      const builds: AsOfBuild[] = [];
      for (const { name } of this.#models) builds.push((await this.asOf.at(name, at, deadline - Date.now())).build);
      const rows = await turn(() => rowsOfAsOfBuilds<Row>(this.pool, builds, text, values));
      const held = builds.flatMap((build) => build.held);
      const degraded = held.filter(({ stream }) => key === null || stream === key).length;
      if (rows) return { position: at, degraded, builds: `as-of ${numbered(builds)}`, rows };
    }
    throw new Refusal('read-model-behind', `The read model ${this.model.name} as it was then is not there.`);
  }

  /**
   * Null: it has not been made yet.
   * @param byPosition a position is waited for, which means nothing in a build whose history the log has lost
   */
  async #query<Row extends object>(question: Question, byPosition = false): Promise<Answer<Row> | null> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const builds: readonly number[] | null = this.#builds ?? (await this.#look());
      if (builds === null) return null;
      const rows = await this.#wrapped<Row>(builds, question);
      const first = rows?.[0];
      if (!rows || !first?._builds.every((build, i) => build === builds[i])) {
        // Switched, or dropped: what was read, if anything, is of a build that is not to be read any more.
        if (this.#builds === builds) this.#builds = whole(first?._builds);
        if (first?._builds.includes(null)) return null;
        continue;
      }
      this.#builds = builds;
      const position = first._position;
      if (position === null) return null;
      if (byPosition && first._lost === true) this.#isLost();
      const waits = first._waits;
      const standing = {
        ...{ position, degraded: first._degraded ?? 0, builds: builds.join('-') },
        ...(waits !== null && { waits }),
      };
      if (first._row === null) return { ...standing, rows: [] };
      const bare = rows.map(({ _position, _degraded, _waits, _lost, _builds, _row, ...row }) => row as unknown as Row);
      return { ...standing, rows: bare };
    }
    return null;
  }

  async #look(): Promise<readonly number[] | null> {
    const { rows } = await this.pool.query<{ builds: Builds }>(`select ${this.#current} as builds`);
    return whole(rows[0]?.builds);
  }

  /** Null: there is no such schema or table. */
  async #wrapped<Row extends object>(builds: readonly number[], question: Question): Promise<Wrapped<Row>[] | null> {
    const { name, key, turn } = question;
    const values = key === null ? question.values : [...question.values, key];
    const statement = `${name}-v${builds.join('-')}`;
    let complete = this.#texts.get(statement);
    if (complete === undefined) this.#texts.set(statement, (complete = this.#wrap(builds, question)));
    try {
      const query = { name: statement, text: complete, values: [...values] };
      return (await turn(() => this.pool.query<Wrapped<Row>>(query))).rows;
    } catch (error) {
      if (isUndefinedTable(error)) return null;
      // A build whose table was changed may have been replaced by one that is whole.
      if (isUndefinedName(error) && (await this.#look())?.join() !== builds.join()) return null;
      throw error;
    }
  }

  /** One row drives the joins, so there is always one, and the rows keep the order that the text gives them. */
  #wrap(numbers: readonly number[], { text, values, key }: Question): string {
    const builds = this.#models.map(({ name }, i) => ({ name, build: numbers[i] as number }));
    const schemas = builds.map(({ name, build }) => ({ name, schema: schemaName(name, build) }));
    const ofKey = `case when c.quarantined = 0 then 0 else ${quarantinedOf(`$${values.length + 1}`)} end`;
    const [degraded, waits] = key === null ? ['c.quarantined', FIRST_WAITING] : [ofKey, 'null::text'];
    return `
      select s.builds as "_builds", c.position as "_position", c.degraded as "_degraded", c.waits as "_waits",
             c.lost as "_lost", q.*
      from (select ${this.#current} as builds) s
      left join ${standingJoined(builds, degraded, waits)}
      left join lateral (select true as "_row", answer.* from (${inSchemas(text, schemas)}) answer) q on true`;
  }

  #isLost(): never {
    throw new Refusal('read-model-behind', `The read model ${this.model.name} is of a history that the log has lost.`);
  }

  #isNotThere(): never {
    throw new Refusal('read-model-behind', `The read model ${this.model.name} is not there yet.`);
  }
}

/** Null unless there is a build of each. */
function whole(builds: Builds | undefined): readonly number[] | null {
  return !builds || builds.includes(null) ? null : (builds as readonly number[]);
}

function numbered(builds: readonly AsOfBuild[]): string {
  return builds.map(({ number }) => number).join('-');
}
