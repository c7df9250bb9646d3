/** Looks for a marker wherever an installation keeps something: readable, in hexadecimal, in Base64, in any case. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';

/** In nothing else. */
export const MARKER = 'zqxmarker';

const BASE64_SHIFTS = [0, 1, 2];

/** The characters of a Base64 text that follow from the marker alone, wherever in the bytes it begins. */
function base64Forms(text: string): string[] {
  return BASE64_SHIFTS.map((shift) => {
    const encoded = Buffer.from(' '.repeat(shift) + text).toString('base64');
    return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + text.length) * 8) / 6));
  });
}

const FORMS = [MARKER, Buffer.from(MARKER).toString('hex')];
const EXACT_FORMS = base64Forms(MARKER);

export function holdsMarker(content: string | Buffer): boolean {
  const text = typeof content === 'string' ? content : content.toString('latin1');
  const lower = text.toLowerCase();
  return FORMS.some((form) => lower.includes(form)) || EXACT_FORMS.some((form) => text.includes(form));
}

/** The tables that hold the marker, of all schemas; a row is looked at as text, bytes in it in hexadecimal. */
export async function tablesWithMarker(pool: pg.Pool): Promise<{ looked: number; found: string[] }> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from ${name} t`);
    if (rows.some(({ row }) => holdsMarker(row))) found.push(name);
  }
  return { looked: tables.length, found };
}

/** The files below a folder that hold the marker in their name or content. */
export function filesWithMarker(folder: string): { looked: number; found: string[] } {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return { looked: paths.length, found: paths.filter((path) => holdsMarker(path) || holdsMarker(readFileSync(path))) };
}
