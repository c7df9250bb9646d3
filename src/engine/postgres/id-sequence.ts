import type pg from 'pg';
import type { IdSequence } from '../core/id-sequence.js';

/** A sequence of ids in `orderlog.id_sequences`. */
export function idSequence(db: Pick<pg.Pool | pg.ClientBase, 'query'>, name: string): IdSequence {
  return {
    async next(): Promise<number> {
      const { rows } = await db.query<{ last: number }>({
        name: 'id-sequence-next',
        text: 'UPDATE orderlog.id_sequences SET last = last + 1 WHERE name = $1 RETURNING last',
        values: [name],
      });
      return (rows[0] as { last: number }).last;
    },
    async moveBeyond(id): Promise<void> {
      await db.query({
        name: 'id-sequence-move-beyond',
        text: 'UPDATE orderlog.id_sequences SET last = $2 WHERE name = $1 AND last < $2',
        values: [name, id],
      });
    },
  };
}
