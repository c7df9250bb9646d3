import { plainArray, textArray } from '../postgres/text-array.js';
import { allOf } from './all-of.js';
import type { Must, ProjectionDb } from './page-part.js';

export interface Connection {
  query(statement: Ready): Promise<{ rows: unknown[] }>;
}

/** A statement that can be sent. */
export interface Ready {
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
}

/** A statement that was given to `write`. */
export interface Write extends Required<Ready> {
  readonly must: Must | undefined;
}

/** The statements of one page. */
export interface PageDb extends ProjectionDb {
  /** What was given to `write` and nothing has followed on: sent by the caller instead. */
  rest(): readonly Write[];
  /** Sends it. @throws the error of what was written that failed first */
  written(): Promise<void>;
}

/** Rows of one step of `each`: a step is short, and so is what it takes in memory. */
const BATCH = 1_000;

interface Statement {
  readonly text: string;
  /** The types of parameters that are arrays and have a cheaper form than what pg makes of an array. */
  readonly arrays: readonly (string | undefined)[];
}

/** The statements of one projection: `{schema}` is put in once for each. */
export class ProjectionStatements {
  readonly #known = new Map<string, Statement>();

  constructor(readonly schema: string) {}

  /** For one page, or for several of which each is waited for to its end. */
  on(session: Connection): PageDb {
    const connection = firstErrors(session);
    let waiting: Write[] = [];
    const sent: Promise<unknown>[] = [];
    const rest = (): readonly Write[] => {
      const all = waiting;
      waiting = [];
      return all;
    };
    const send = (): void => {
      for (const { name, text, values, must } of rest()) {
        const done = connection.query({ name, text, values }).then(({ rows }) => {
          if (must && rows.length !== must.rows) throw must.otherwise(rows as object[]);
        });
        // Seen at the end of the page.
        done.catch(() => undefined);
        sent.push(done);
      }
    };
    return {
      query: async <Row extends object>(
        name: string,
        text: string,
        values: readonly unknown[] = [],
      ): Promise<Row[]> => {
        send();
        return (await connection.query(this.#ready(name, text, values))).rows as Row[];
      },
      write: (name, text, values, must) => {
        const ready = this.#ready(name, text, values);
        waiting.push({ name, text: ready.text, values: ready.values, must });
      },
      each: (text, values = []) => {
        send();
        return inBatches(connection, text.replaceAll('{schema}', this.schema), values);
      },
      rest,
      written: async () => {
        send();
        await allOf(sent.splice(0));
      },
    };
  }

  #ready(name: string, template: string, values: readonly unknown[]): Required<Ready> {
    let known = this.#known.get(name);
    if (!known) {
      known = { text: template.replaceAll('{schema}', this.schema), arrays: arraysOf(template) };
      this.#known.set(name, known);
    }
    const { text, arrays } = known;
    return { name, text, values: values.map((value, i) => (Array.isArray(value) ? asArray(value, arrays[i]) : value)) };
  }
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
