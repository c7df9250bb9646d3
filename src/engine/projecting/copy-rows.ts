/** Rows on their way into a table by COPY. */
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { COPY_PIECE_BYTES } from '../core/budgets.js';
import { type CopiedRows, copyLine } from '../builds/bulk.js';

interface Names {
  readonly schema: string;
  readonly staging: string;
}

/** Nothing is sent where there is no row. Piece by piece: all rows as one text may be longer than a text can be. */
export async function copy(client: pg.ClientBase, names: Names, copied: CopiedRows): Promise<void> {
  const pieces = piecesOf(copied);
  const first = pieces.next();
  if (first.done) return;
  const stream = client.query(copyFrom(named(`copy ${copied.table} (${copied.columns.join(', ')}) from stdin`, names)));
  let refused = false;
  const done = finished(stream);
  done.catch(() => (refused = true));
  try {
    let wantsMore = stream.write(first.value);
    for (const piece of pieces) {
      // What the server has not taken yet does not pile up here.
      if (!wantsMore) await Promise.race([once(stream, 'drain'), done]);
      wantsMore = stream.write(piece);
    }
    stream.end();
  } catch (error) {
    // A row could not be made: the server is told that the rest does not come.
    if (!refused) stream.destroy(error instanceof Error ? error : undefined);
    await done.catch(() => undefined);
    throw error;
  }
  await done;
}

/** Puts the schemas into a text. */
export function named(text: string, { schema, staging }: Names): string {
  return text.replaceAll('{schema}', schema).replaceAll('{staging}', staging);
}

function* piecesOf({ rows }: CopiedRows): Generator<Buffer, void> {
  let text = '';
  for (const row of rows) {
    text += copyLine(row);
    if (text.length < COPY_PIECE_BYTES) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
