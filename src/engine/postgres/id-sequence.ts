import { randomInt } from 'node:crypto';
import type pg from 'pg';
import type { IdSequence } from '../core/id-sequence.js';

export interface IdSequenceOptions {
  readonly block?: number;
  readonly largest?: number;
}

/**
 * A sequence of ids in `orderlog.id_sequences`, which has a row once an id was drawn.
 * @param block how many ids a process draws at a time: those that it has not given out when it ends are left out
 * @param largest the largest id: after it, ids are drawn at random, and nearly all of so many are free
 */
export function idSequence(
  db: Pick<pg.Pool | pg.ClientBase, 'query'>,
  name: string,
  { block = 1, largest = Infinity }: IdSequenceOptions = {},
): IdSequence {
  /** Drawn and not given out yet: as many ids up to `last`. */
  let left = 0;
  let last = 0;
  let drawing: Promise<void> | null = null;

  async function draw(): Promise<void> {
    const { rows } = await db.query<{ last: number }>({
      name: 'id-sequence-draw',
      text: `insert into orderlog.id_sequences as s (name, last) values ($1, $2)
        on conflict (name) do update set last = s.last + excluded.last returning s.last`,
      values: [name, block],
    });
    left = block;
    last = (rows[0] as { last: number }).last;
  }

  return {
    async next(): Promise<number> {
      while (left === 0) await (drawing ??= draw().finally(() => (drawing = null)));
      left -= 1;
      const id = last - left;
      return id <= largest ? id : randomInt(1, largest + 1);
    },
    async moveBeyond(id): Promise<void> {
      await db.query({
        name: 'id-sequence-move-beyond',
        text: `insert into orderlog.id_sequences as s (name, last) values ($1, $2)
          on conflict (name) do update set last = excluded.last where s.last < excluded.last`,
        values: [name, id],
      });
    },
  };
}
