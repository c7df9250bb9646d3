import { plainArray, textArray } from '../postgres/text-array.js';
import type { ProjectionDb } from './page-part.js';

interface Connection {
  query(statement: { name?: string; text: string; values?: unknown[] }): Promise<{ rows: unknown[] }>;
}

/** Rows of one step of `each`: a step is short, and so is what it takes in memory. */
const BATCH = 1_000;

interface Statement {
  readonly text: string;
  /** The types of parameters that are arrays and have a cheaper form than what pg makes of an array. */
  readonly arrays: readonly (string | undefined)[];
}

/** The statements of one projection on one connection: `{schema}` is put in once for each. */
export function projectionDb(session: Connection, schema: string): ProjectionDb {
  const connection = firstErrors(session);
  const statements = new Map<string, Statement>();
  const statement = (name: string, text: string): Statement => {
    let known = statements.get(name);
    if (!known) {
      known = { text: text.replaceAll('{schema}', schema), arrays: arraysOf(text) };
      statements.set(name, known);
    }
    return known;
  };
  return {
    async query<Row extends object>(name: string, template: string, values: readonly unknown[] = []): Promise<Row[]> {
      const { text, arrays } = statement(name, template);
      const sent = values.map((value, i) => (Array.isArray(value) ? asArray(value, arrays[i]) : value));
      const { rows } = await connection.query({ name, text, values: sent });
      return rows as Row[];
    },
    each: (text, values = []) => inBatches(connection, text.replaceAll('{schema}', schema), values),
  };
}

/** What the server says of each statement behind one that failed, up to the end of the transaction. */
const ABORTED = '25P02';

/**
 * Statements go out together, and the first one that is waited for need not be the one that failed first: each of them gets its error,
 * which alone says whether the event is at fault.
 */
function firstErrors(connection: Connection): Connection {
  let first: Error | null = null;
  return {
    async query(statement) {
      try {
        return await connection.query(statement);
      } catch (error) {
        if (first && (error as { code?: unknown }).code === ABORTED) throw first;
        if (error instanceof Error) first = error;
        throw error;
      }
    },
  };
}

function arraysOf(text: string): readonly (string | undefined)[] {
  const arrays: string[] = [];
  for (const [, number, type] of text.matchAll(/\$(\d+)::(text|uuid|int|integer|bigint|boolean)\[\]/g)) {
    arrays[Number(number) - 1] = type as string;
  }
  return arrays;
}

function asArray(values: readonly unknown[], type: string | undefined): unknown {
  if (type === undefined) return values;
  return type === 'text' ? textArray(values as string[]) : plainArray(values as string[]);
}

/** By a cursor; inside a transaction. If it is left early, the cursor is closed. */
export async function* inBatches<Row extends object>(
  connection: Connection,
  text: string,
  values: readonly unknown[] = [],
  size = BATCH,
): AsyncGenerator<readonly Row[]> {
  await connection.query({ text: `declare batches no scroll cursor for ${text}`, values: [...values] });
  let failed = false;
  try {
    for (let count = size; count === size;) {
      const { rows } = await connection.query({ text: `fetch ${size} from batches` }).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      count = rows.length;
      if (count > 0) yield rows as Row[];
    }
  } finally {
    // A transaction that is broken takes the cursor along.
    if (!failed) await connection.query({ text: 'close batches' });
  }
}
