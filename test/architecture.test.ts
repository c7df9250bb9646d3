import t from 'tap';
import { faultsOf } from './support/architecture.js';
import { sourcesBelow } from './support/sources.js';

t.test('everything keeps to the import rules and habits of the house', async (t) => {
  const folders = ['src', 'projections', 'migrations', 'examples', 'clients/typescript/src'];
  const sources = folders.flatMap(sourcesBelow).filter(({ path }) => !path.endsWith('/generated.ts'));
  t.ok(sources.length > 100, 'the sources are found');
  t.same(faultsOf(sources), []);
});

t.test('no test, benchmark or script is longer than 300 lines either', async (t) => {
  const sources = ['test', 'bench', 'scripts'].flatMap(sourcesBelow);
  const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > 300).map(({ path }) => path);
  t.same(long, []);
});

t.test('no benchmark or script opens a connection of its own, but the program that is compared with', async (t) => {
  const sources = ['bench', 'scripts'].flatMap(sourcesBelow).filter(({ path }) => !path.startsWith('bench/peers/'));
  const opening = sources.filter(({ text }) => /^import (?!type).*'(?:pg|pg-pool|knex)'/m.test(text));
  t.same(
    opening.map(({ path }) => path),
    [],
  );
});

const good: readonly (readonly [path: string, text: string])[] = [
  ['src/engine/core/a.ts', `import { b } from './b.js'; export const a = b;`],
  [
    'src/order/decider.ts',
    `import type { E } from '../engine/index.js'; import { c } from './commands.js'; export const a = c;`,
  ],
  [
    'src/order/routes.ts',
    `import { z } from 'zod'; import type { A } from '../http/app-type.js'; import './stream.js';`,
  ],
  ['src/order/routes.ts', `import type { FastifyReply } from 'fastify';`],
  [
    'src/engine/log/eventstoredb/kurrent.ts',
    `import { x } from '@eventstore/db-client'; import { readFile } from 'node:fs';`,
  ],
  ['projections/users/projection.ts', `import { e } from '../../src/user/events.js'; import { w } from './write.js';`],
  ['src/commands/rebuild.ts', `import { projections } from '../../projections/index.js'; import type pg from 'pg';`],
  ['src/engine/postgres/session.ts', `import pg from 'pg';`],
  ['src/config.ts', `import { join } from 'node:path'; export const port = process.env['PORT'];`],
  [
    'examples/lending/a.ts',
    `import '../../src/engine/index.js'; import '../../src/engine/testing.js'; import './b.js';`,
  ],
  ['clients/typescript/src/index.ts', `import createClient from 'openapi-fetch'; import './send.js';`],
  ['projections/index.ts', `export { a } from './a/projection.js';`],
  ['src/commands/outlet.ts', `export const out = process.stdout;`],
  ['src/engine/core/b.ts', `export function f(n: number): void { switch (n) { default: } }`],
];

for (const [path, text] of good) t.same(faultsOf([{ path, text }]), [], `${path}: ${text}`);

const bad: readonly (readonly [title: string, path: string, text: string, fault: string])[] = [
  ['core and a package', 'src/engine/core/a.ts', `import { z } from 'zod';`, 'imports zod, which engine/core may not'],
  ['core and the system', 'src/engine/core/a.ts', `import 'node:fs';`, 'imports node:fs, which engine/core may not'],
  [
    'the core and the rest of the engine',
    'src/engine/core/a.ts',
    `import '../log/x.js';`,
    'imports src/engine/log/x.ts, which engine/core may not',
  ],
  [
    'a type imported in passing',
    'src/engine/core/a.ts',
    `export type A = import('zod').A;`,
    'imports zod, which engine/core may not',
  ],
  [
    'a late import',
    'src/engine/core/a.ts',
    `export const a = import('zod');`,
    'imports zod, which engine/core may not',
  ],
  [
    'something exported on',
    'src/engine/core/a.ts',
    `export const a = 1; export * from 'zod';`,
    'imports zod, which engine/core may not',
  ],
  [
    'a decider and infra',
    'src/order/decider.ts',
    `import '../http/x.js';`,
    'imports src/http/x.ts, which inside of a slice may not',
  ],
  [
    'a decider and another slice',
    'src/order/decider.ts',
    `import '../user/events.js';`,
    'imports src/user/events.ts, which inside of a slice may not',
  ],
  [
    'routes and another slice',
    'src/order/routes.ts',
    `import '../user/stream.js';`,
    'imports src/user/stream.ts, which stream and routes of a slice may not',
  ],
  [
    'routes and a read slice',
    'src/order/routes.ts',
    `import '../../projections/users/read-model.js';`,
    'imports projections/users/read-model.ts, which stream and routes of a slice may not',
  ],
  [
    'routes and another part of infra',
    'src/order/routes.ts',
    `import type { A } from '../documents/a.js';`,
    'imports src/documents/a.ts, which stream and routes of a slice may not',
  ],
  [
    'routes and the system',
    'src/order/routes.ts',
    `import type { A } from 'node:crypto';`,
    'imports node:crypto, which stream and routes of a slice may not',
  ],
  [
    'routes and the server, beyond its types',
    'src/order/routes.ts',
    `import { fastify, type A } from 'fastify';`,
    'imports fastify, which stream and routes of a slice may not',
  ],
  [
    'an answer and its events',
    'src/order/answer.ts',
    `import './events.js';`,
    'imports src/order/events.ts, which answer and examples of a slice may not',
  ],
  [
    'access to the outside and a slice',
    'src/http/x.ts',
    `import '../order/events.js';`,
    'imports src/order/events.ts, which access to the outside may not',
  ],
  [
    'access to the outside and a root',
    'src/http/x.ts',
    `import '../config.js';`,
    'imports src/config.ts, which access to the outside may not',
  ],
  [
    'the engine and a migration',
    'src/engine/log/x.ts',
    `import '../../../migrations/0001_baseline.js';`,
    'imports migrations/0001_baseline.ts, which engine may not',
  ],
  [
    'a read slice and another',
    'projections/users/a.ts',
    `import '../products/write.js';`,
    'imports projections/products/write.ts, which read slice may not',
  ],
  [
    'a read slice and a decider',
    'projections/users/a.ts',
    `import '../../src/user/decider.js';`,
    'imports src/user/decider.ts, which read slice may not',
  ],
  [
    'a read slice and a package',
    'projections/users/a.ts',
    `import pg from 'pg';`,
    'imports pg, which read slice may not',
  ],
  [
    'a read slice and Postgres',
    'projections/users/a.ts',
    `import '../../src/engine/postgres/pool.js';`,
    "imports src/engine/postgres/pool.ts, deeper than the engine's index.ts",
  ],
  [
    'commands and a root',
    'src/commands/a.ts',
    `import '../runtime.js';`,
    'imports src/runtime.ts, which commands, ops, import and backup may not',
  ],
  [
    'commands and a read slice',
    'src/commands/a.ts',
    `import '../../projections/users/read-model.js';`,
    'imports projections/users/read-model.ts, which commands, ops, import and backup may not',
  ],
  [
    'a migration and the application',
    'migrations/0009_a.ts',
    `import '../src/core/a.js';`,
    'imports src/core/a.ts, which migration may not',
  ],
  [
    'the event store client elsewhere',
    'src/runtime.ts',
    `import '@eventstore/db-client';`,
    'imports @eventstore/db-client, which only src/engine/log/eventstoredb/ may',
  ],
  [
    'a connection that is no session',
    'src/commands/a.ts',
    `import { Pool } from 'pg';`,
    'imports pg as more than types: a session is opened by src/engine/postgres/session.ts',
  ],
  [
    'a connection by knex',
    'src/http/a.ts',
    `import knex from 'knex';`,
    'imports knex as more than types: a session is opened by src/engine/postgres/session.ts',
  ],
  [
    'a root and the inside of the engine',
    'src/runtime.ts',
    `import { a } from './engine/log/open.js';`,
    "imports src/engine/log/open.ts, deeper than the engine's index.ts",
  ],
  [
    'the engine and the shop',
    'src/engine/builds/a.ts',
    `import '../../order/events.js';`,
    'imports src/order/events.ts, which engine may not',
  ],
  [
    'an example and the inside of the engine',
    'examples/lending/a.ts',
    `import '../../src/engine/log/open.js';`,
    "imports src/engine/log/open.ts, deeper than the engine's index.ts",
  ],
  [
    'an example and the application',
    'examples/lending/a.ts',
    `import '../../src/order/events.js';`,
    'imports src/order/events.ts, which example may not',
  ],
  [
    'a slice and what is for tests',
    'src/order/decider.ts',
    `import '../engine/testing.js';`,
    'imports src/engine/testing.ts, which inside of a slice may not',
  ],
  [
    'the client and the server',
    'clients/typescript/src/a.ts',
    `import type { A } from '../../../src/http/problem-codes.js';`,
    'imports src/http/problem-codes.ts, which client may not',
  ],
  [
    'the client and what only Node has',
    'clients/typescript/src/a.ts',
    `import { randomUUID } from 'node:crypto';`,
    'imports node:crypto, which client may not',
  ],
  ['a folder of its own', 'src/misc/a.ts', `export const a = 1;`, 'stands in no zone of the architecture'],
  ['any', 'src/engine/core/a.ts', `export const a = (b: any[]): void => { b.pop(); };`, 'line 1 says any'],
  ['an enum', 'src/engine/core/a.ts', `\nexport enum A { B }`, 'line 2 declares an enum'],
  ['a namespace', 'src/engine/core/a.ts', `export namespace A { export const b = 1; }`, 'line 1 declares a namespace'],
  ['a default export', 'src/engine/core/a.ts', `export default function a(): void {}`, 'line 1 exports a default'],
  ['a default value', 'src/engine/core/a.ts', `const a = 1; export default a;`, 'line 1 exports a default'],
  ['a default by name', 'src/engine/core/a.ts', `const a = 1; export { a as default };`, 'line 1 exports a default'],
  ['the environment', 'src/http/a.ts', `export const a = process.env['A'];`, 'line 1 reads the environment'],
  ['the environment, unpacked', 'src/runtime.ts', `const { env } = process;`, 'line 1 reads the environment'],
  [
    'the environment, imported',
    'src/runtime.ts',
    `import { env } from 'node:process';`,
    'line 1 reads the environment',
  ],
  ['standard output', 'src/cli.ts', `process.stdout.write('a');`, 'line 1 prints past src/commands/outlet.ts'],
  ['standard error', 'src/http/a.ts', `pipe(process.stderr);`, 'line 1 prints past src/commands/outlet.ts'],
  ['the console', 'src/engine/core/a.ts', `\nconsole.log('a');`, 'line 2 prints past src/commands/outlet.ts'],
  ['the console, given on', 'src/engine/core/a.ts', `call(console);`, 'line 1 prints past src/commands/outlet.ts'],
  [
    'the console, imported',
    'src/serve.ts',
    `import { log } from 'node:console';`,
    'line 1 prints past src/commands/outlet.ts',
  ],
  [
    'a barrel',
    'src/http/all.ts',
    `export { a } from './a.js'; export * from './b.js';`,
    'only exports what others have',
  ],
  ['a long file', 'src/engine/core/a.ts', 'export {};\n'.repeat(301), 'has 301 lines, more than 300'],
  [
    'arrays compared with a parameter',
    'projections/users/a.ts',
    'export const a = `select from b where c && $1::int[]`;',
    'compares arrays with a parameter by &&, which takes their product: join instead',
  ],
  ['a response', 'src/http/a.ts', `reply.raw.once('close', go);`, 'listens for the end of a response: use whenGone'],
  ['another case', 'src/engine/core/streamName.ts', `export const a = 1;`, 'is not named in kebab-case'],
  ['a vague name', 'src/engine/core/date-utils.ts', `export const a = 1;`, 'has a name that says nothing'],
];

for (const [title, path, text, fault] of bad) {
  t.test(`refuses ${title}`, async (t) => {
    t.same(faultsOf([{ path, text }]), [`${path}: ${fault}`]);
  });
}
