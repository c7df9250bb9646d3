import type { ProjectionDb } from './projection.js';

interface Connection {
  query(statement: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
}

/** The statements of one projection on one connection: `{schema}` is put in once for each. */
export function projectionDb(connection: Connection, schema: string): ProjectionDb {
  const texts = new Map<string, string>();
  return {
    async query<Row extends object>(name: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
      let complete = texts.get(name);
      if (complete === undefined) texts.set(name, (complete = text.replaceAll('{schema}', schema)));
      const { rows } = await connection.query({ name, text: complete, values: values as unknown[] });
      return rows as Row[];
    },
  };
}
