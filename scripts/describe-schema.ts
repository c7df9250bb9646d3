/**
 * Describes the database: `npm run docs:schema` migrates an empty one, makes every read model in it and writes what is
 * then there to docs/schema.md. The database is the embedded one, in a temporary folder.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type pg from 'pg';
import { format } from 'prettier';
import { projections } from '../projections/index.js';
import { startEmbedded } from '../src/embedded-postgres/embedded.js';
import { migrations } from '../migrations/index.js';
import { migrate } from '../src/engine/postgres/migrate.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { prepareModel } from '../src/engine/builds/prepare-model.js';
import { schemaName } from '../src/engine/projecting/projection.js';
import { meanings } from './schema-meanings.js';

interface Line {
  readonly name: string;
  readonly text: string;
}

interface Column extends Line {
  readonly nullable: boolean;
  readonly fallback: string | null;
}

interface Table {
  readonly name: string;
  readonly options: string | null;
  readonly columns: readonly Column[];
  readonly constraints: readonly Line[];
  readonly indexes: readonly Line[];
  readonly triggers: readonly Line[];
}

const COLUMNS = `
  select a.attname as name, not a.attnotnull as nullable, pg_get_expr(d.adbin, d.adrelid) as fallback,
         format_type(a.atttypid, a.atttypmod)
           || case when a.attcollation <> t.typcollation then ' collate "' || l.collname || '"' else '' end as text
  from pg_attribute a
  join pg_type t on t.oid = a.atttypid
  left join pg_collation l on l.oid = a.attcollation
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`;

// NOT NULL is said with the columns, where newer servers count it among the constraints.
const CONSTRAINTS = `
  select conname as name, pg_get_constraintdef(oid) as text from pg_constraint
  where conrelid = $1 and contype <> 'n' order by contype = 'p' desc, conname`;

const INDEXES = `
  select c.relname as name, pg_get_indexdef(i.indexrelid) as text
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where i.indrelid = $1 and not exists (select from pg_constraint where conindid = i.indexrelid) order by c.relname`;

const TRIGGERS = `
  select tgname as name, pg_get_triggerdef(oid) || case tgenabled when 'A' then ', always' else '' end as text
  from pg_trigger where tgrelid = $1 and not tgisinternal order by tgname`;

/** The text of docs/schema.md, read from the database. Makes the read models in it. */
export async function describeSchema(pool: pg.Pool): Promise<string> {
  const models: string[] = [];
  for (const projection of projections) {
    const made = await prepareModel(pool, projection);
    const schema = schemaName(projection.name, made?.build ?? 0);
    models.push(`## \`${schema}\``, meaning(schema), ...(await describeTables(pool, schema, projection.tables)));
  }
  const parts = [
    '# The database',
    'Written by `npm run docs:schema` from a migrated database. Changes by hand are lost.',
    'The schema `orderlog` is primary data: the log, the keys and what the projectors remember. Each build of a read ' +
      'model has a schema of its own, `rm_<model>_v<n>`, which can be dropped while no projector runs and is projected ' +
      'again; `orderlog.builds` says which of them is read.',
    '## `orderlog`',
    ...(await describeTables(pool, 'orderlog')),
    '### Functions',
    (await describeFunctions(pool)).join('\n'),
    ...models,
  ];
  return format(`${parts.join('\n\n')}\n`, { parser: 'markdown', printWidth: 120 });
}

async function describeTables(pool: pg.Pool, schema: string, declared?: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ oid: number; name: string; options: string | null }>(
    `select oid, relname as name, array_to_string(reloptions, ', ') as options from pg_class
     where relnamespace = $1::regnamespace and relkind in ('r', 'p') order by relname`,
    [schema],
  );
  const names = rows.map((row) => row.name);
  const undeclared = declared ? names.filter((name) => !declared.includes(name)) : [];
  if (undeclared.length > 0)
    throw new Error(`${schema} has tables that its projection does not name: ${undeclared.join(', ')}`);
  const parts: string[] = [];
  for (const { oid, name, options } of rows) {
    const { rows: columns } = await pool.query<Column>(COLUMNS, [oid]);
    const { rows: constraints } = await pool.query<Line>(CONSTRAINTS, [oid]);
    const { rows: indexes } = await pool.query<Line>(INDEXES, [oid]);
    const { rows: triggers } = await pool.query<Line>(TRIGGERS, [oid]);
    parts.push(...describeTable(schema, { name, options, columns, constraints, indexes, triggers }));
  }
  return parts;
}

function describeTable(schema: string, table: Table): string[] {
  const full = `${schema}.${table.name}`;
  const rows = table.columns.map((column) => {
    const fallback = column.fallback === null ? '' : `\`${column.fallback}\``;
    const null_ = column.nullable ? 'yes' : '';
    return `| \`${column.name}\` | \`${column.text}\` | ${null_} | ${fallback} | ${meaning(`${full}.${column.name}`)} |`;
  });
  return [
    `### \`${full}\``,
    meaning(full),
    ['| column | type | null | default | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join('\n'),
    ...list('Constraints', table.constraints),
    ...list('Indexes', table.indexes),
    ...list('Triggers', table.triggers),
    ...(table.options === null ? [] : [`Storage: \`${table.options}\`.`]),
  ];
}

function list(title: string, lines: readonly Line[]): string[] {
  if (lines.length === 0) return [];
  return [`${title}:`, lines.map(({ name, text }) => `- \`${name}\`: \`${text.replaceAll('`', '')}\``).join('\n')];
}

async function describeFunctions(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string; args: string; result: string }>(
    `select proname as name, pg_get_function_identity_arguments(oid) as args, pg_get_function_result(oid) as result
     from pg_proc where pronamespace = 'orderlog'::regnamespace order by proname`,
  );
  return rows.map(
    ({ name, args, result }) => `- \`orderlog.${name}(${args}) returns ${result}\`: ${meaning(`orderlog.${name}()`)}`,
  );
}

/** What every table and column is for. */
export const allMeanings: Readonly<Record<string, string>> = {
  ...meanings,
  ...Object.fromEntries(
    projections.flatMap(({ name, meanings: own = {} }) =>
      Object.entries(own).map(([of, text]) => [`${modelOf(schemaName(name, 0))}${of === '' ? '' : `.${of}`}`, text]),
    ),
  ),
};

/** @throws Error for what nobody has described */
function meaning(of: string): string {
  const text = allMeanings[modelOf(of)];
  if (text === undefined) {
    throw new Error(`nobody says what ${of} is: say it in the projection's meanings, or in scripts/schema-meanings.ts`);
  }
  return text;
}

function modelOf(name: string): string {
  return name.replace(/^rm_(\w+)_v\d+/, 'rm_$1');
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'orderlog-schema-'));
  const server = await startEmbedded(folder);
  const pool = createPool(server.config, { max: 4, applicationName: 'orderlog-schema' });
  try {
    await migrate(server.config, migrations);
    writeFileSync(join(import.meta.dirname, '../../docs/schema.md'), await describeSchema(pool));
  } finally {
    await pool.end();
    await server.stop();
    rmSync(server.location, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
