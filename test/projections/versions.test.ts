/**
 * A database that exists keeps the tables and rows of a read model until its projection version changes. Test databases are new, so
 * nothing else notices a version that somebody forgot to bump. This test compares what each version stands for with a record:
 * `tables` is a digest of the DDL and of which events have handlers, `rows` one of what the handlers make of the recorded samples.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projections } from '../../projections/index.js';
import type { Position } from '../../src/engine/core/event-store.js';
import type { EventType } from '../../src/engine/core/event-type.js';
import type { AnyProjection } from '../../src/engine/projecting/projection.js';
import { root } from '../support/sources.js';

const FILE = 'test/fixtures/projection-versions.json';

interface Recorded {
  readonly version: number;
  readonly tables: string;
  readonly rows: string;
}

const recorded = JSON.parse(readFileSync(join(root, FILE), 'utf8')) as Readonly<Record<string, Recorded>>;

function digestOf(...texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16);
}

function tablesOf({ ddl, indexes = '', handlers }: AnyProjection): string {
  const statements = `${ddl}\n${indexes}`.replace(/--[^\n]*/g, '').replace(/\s+/g, ' ');
  return digestOf(statements.trim(), ...Object.keys(handlers).sort());
}

/** What the newest recorded sample of the type says, as handlers get it. */
function sampleOf({ type, version }: EventType): object {
  const file = join(root, `test/fixtures/events/${type}.v${version}.json`);
  const { current: data } = JSON.parse(readFileSync(file, 'utf8')) as { current: object };
  const ids = { command_id: 'c', fingerprint: 'f', correlation_id: 'c', causation_id: 'c' };
  return {
    ...{ type, data, id: '018f0000-0000-7000-8000-000000000001', stream: 'sample-1', revision: 1 },
    ...{ position: '0000000000000001' as Position, recordedAt: '2026-01-01T00:00:00.000Z' },
    metadata: { schema_version: version, ...ids, actor: { kind: 'clerk', id: 'k' } },
  };
}

/** Each sample comes to a chunk of its own, so each handler is seen by itself. */
function rowsOf({ name, bulk, handlers }: AnyProjection): string {
  if (!bulk) throw new Error(`${name} has no bulk path`);
  const made = Object.values(handlers).map(({ eventType, apply }) => {
    const chunk = bulk.begin();
    apply(chunk, sampleOf(eventType) as Parameters<typeof apply>[1]);
    return JSON.stringify(bulk.rows(chunk).map((copied) => ({ ...copied, rows: [...copied.rows] })));
  });
  return digestOf(...made.sort());
}

function now(projection: AnyProjection): Recorded {
  return { version: projection.version, tables: tablesOf(projection), rows: rowsOf(projection) };
}

for (const projection of projections) {
  const { name, version } = projection;
  t.test(`${name}: other tables or handlers have another projection version`, async (t) => {
    const is = now(projection);
    const line = `"${name}": ${JSON.stringify(is)}`;
    const forgotten =
      `${name} has other tables or handlers than before, and projection version ${version} as before. Databases that exist ` +
      `keep their tables and rows until the version changes. Set version: ${version + 1} in projections/${name}/projection.ts. ` +
      `Then run this test again and record what it shows in ${FILE}. ` +
      'Only if every row that exists stays right without a rebuild, record it without another version:';
    const bumped = `Record the new projection version of ${name} in ${FILE}:`;
    t.same(is, recorded[name], `${recorded[name]?.version === version ? forgotten : bumped} ${line}`);
  });
}

t.test('no projection version is recorded of a read model that there is not', async (t) => {
  t.same(Object.keys(recorded).sort(), projections.map(({ name }) => name).sort());
});

t.test('the record sees another column, another value and another handler, and no other spacing', async (t) => {
  const [projection] = projections;
  if (!projection) throw new Error('there is no read model');
  const { ddl, handlers, bulk } = projection;
  const [[type, handler] = ['', undefined], ...others] = Object.entries(handlers);
  if (!handler || !bulk) throw new Error('there is no handler');
  t.equal(tablesOf({ ...projection, ddl: ddl.replaceAll(/\s+/g, '\n  ') }), tablesOf(projection));
  t.not(tablesOf({ ...projection, ddl: ddl.replace('integer', 'bigint') }), tablesOf(projection));
  t.not(tablesOf({ ...projection, handlers: Object.fromEntries(others) }), tablesOf(projection));
  const idle = { ...handler, apply: (): void => undefined };
  t.not(rowsOf({ ...projection, handlers: { ...handlers, [type]: idle } }), rowsOf(projection));
});
