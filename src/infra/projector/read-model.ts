import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../../core/errors.js';
import type { Position } from '../../core/event-store.js';
import type { CheckpointWatch } from './checkpoint-watch.js';
import type { ModelVersion } from './checkpoints.js';
import { schemaName } from './projection.js';

/** How fresh an answer has to be. */
export interface Freshness {
  /** The place in the log that the read model must have reached. */
  readonly min: Position | null;
  /** How long that is waited for, in milliseconds. */
  readonly waitMs: number;
  /** After that: an older answer rather than none. */
  readonly lenient: boolean;
}

/** `position` is the place in the log that the rows are true for. */
export interface Answer<Row> {
  readonly position: Position;
  readonly rows: Row[];
}

type Wrapped<Row> = Row & { readonly _position: Position; readonly _row: true | null };

/** A checkpoint that was reached and is behind again (the database crashed) is looked at no more often than this. */
const AGAIN_MS = 20;

/** Queries on the tables of one read model. */
export class ReadModel {
  readonly #texts = new Map<string, string>();

  constructor(
    readonly pool: pg.Pool,
    readonly model: ModelVersion,
    readonly watch: CheckpointWatch,
  ) {}

  /**
   * Rows, and the checkpoint they belong to, from one statement, which is one snapshot. `{schema}` in the text stands for
   * the read model's schema; the same name always goes with the same text.
   * @throws Refusal read-model-behind: not there in time, or not made yet
   */
  async query<Row extends object>(
    name: string,
    text: string,
    values: readonly unknown[],
    freshness?: Freshness,
  ): Promise<Answer<Row>> {
    const min = freshness?.min ?? null;
    let answer = await this.#query<Row>(name, text, values);
    if (!freshness || min === null) return answer ?? this.#isNotThere();
    const deadline = Date.now() + freshness.waitMs;
    while (!answer || answer.position < min) {
      const left = deadline - Date.now();
      const reached = left > 0 && (await this.watch.waitFor(this.model.name, this.model.version, min, left));
      if (reached) {
        answer = await this.#query<Row>(name, text, values);
        if (!answer || answer.position < min) await sleep(AGAIN_MS);
        continue;
      }
      if (freshness.lenient) return answer ?? this.#isNotThere();
      this.#isNotThere();
    }
    return answer;
  }

  /** Null: it has not been made yet. */
  async #query<Row extends object>(
    name: string,
    text: string,
    values: readonly unknown[],
  ): Promise<Answer<Row> | null> {
    const rows = await this.#wrapped<Row>(name, text, values);
    const [first] = rows;
    if (!first) return null;
    const position = first._position;
    if (first._row === null) return { position, rows: [] };
    return { position, rows: rows.map(({ _position, _row, ...row }) => row as unknown as Row) };
  }

  async #wrapped<Row extends object>(name: string, text: string, values: readonly unknown[]): Promise<Wrapped<Row>[]> {
    let complete = this.#texts.get(name);
    if (complete === undefined) this.#texts.set(name, (complete = this.#wrap(text)));
    try {
      return (await this.pool.query<Wrapped<Row>>({ name, text: complete, values: [...values] })).rows;
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** The checkpoint's one row drives the join, so the rows keep the order that the text gives them. */
  #wrap(text: string): string {
    const { name, version } = this.model;
    return `
      select c.position as "_position", q.*
      from orderlog.checkpoints c
      left join lateral (
        select true as "_row", answer.* from (${text.replaceAll('{schema}', schemaName(name, version))}) answer
      ) q on true
      where c.model = '${name}' and c.version = ${version}`;
  }

  #isNotThere(): never {
    throw new Refusal('read-model-behind', `The read model ${this.model.name} is not there yet.`);
  }
}

/** No such schema or table: the projector has not made it yet. */
function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === '42P01' || code === '3F000';
}
