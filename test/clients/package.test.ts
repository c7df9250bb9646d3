/** The client as an integrator gets it: packed, installed beside its dependency alone, compiled and run. */
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { root } from '../support/sources.js';
import { json, standIn } from './stand-in.js';

const run = promisify(execFile);
const source = join(root, 'clients/typescript');
const tsc = (...args: string[]): Promise<unknown> =>
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args]).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });

const ofThePage = readFileSync(join(root, 'docs/clients.md'), 'utf8').split('```ts\n')[1]?.split('```')[0] ?? '';

const PROGRAM = `
import { createClient, NoAnswerError, ProblemError, type Schemas } from '@orderlog/client';

const orderlog = createClient({ baseUrl: process.argv[2] });
const { data } = await orderlog.placeOrder({ user_id: 'u', items: [{ product_id: 1, quantity: 2 }] });
const order: Schemas['Order'] = data;
console.log(order.status, ProblemError.name, NoAnswerError.name);
`;

const OPTIONS = {
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
  ...{ module: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'] },
  ...{ types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
};

t.test('the packed client is installed, type-checked with its libraries, and runs', async (t) => {
  const folder = t.testdir({
    package: {},
    user: { 'index.ts': PROGRAM, 'of-the-page.ts': ofThePage, node_modules: { '@orderlog': {} } },
  });
  for (const file of ['package.json', 'README.md']) copyFileSync(join(source, file), join(folder, 'package', file));
  await tsc('-p', join(source, 'tsconfig.json'), '--outDir', join(folder, 'package/dist'));
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: join(folder, 'package') });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  t.same(
    packed?.files.map(({ path }) => path.replace(/\.d\.ts$/, '.js')).filter((path) => !path.startsWith('dist/')),
    ['README.md', 'package.json'],
    'nothing but what is compiled, the page and the manifest',
  );

  const modules = join(folder, 'user/node_modules');
  mkdirSync(join(modules, '@orderlog/client'));
  const unpack = ['-xzf', join(folder, packed?.filename ?? ''), '--strip-components=1'];
  await run('tar', [...unpack, '-C', join(modules, '@orderlog/client')]);
  for (const name of ['openapi-fetch', 'openapi-typescript-helpers']) {
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
  }
  const config = { compilerOptions: OPTIONS, files: ['index.ts', 'of-the-page.ts'] };
  writeFileSync(join(folder, 'user/tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'user/package.json'), JSON.stringify({ type: 'module' }));
  await tsc('-p', join(folder, 'user'));
  const { received, url } = await standIn(t, [json(201, { data: { status: 'placed' } })]);
  const said = await run(process.execPath, [join(folder, 'user/index.js'), url]);
  t.equal(said.stdout, 'placed ProblemError NoAnswerError\n');
  t.equal(received[0]?.body.toString(), '{"user_id":"u","items":[{"product_id":1,"quantity":2}]}');
});

t.test('the client names the version of openapi-fetch that is tested here, and nothing else', async (t) => {
  const manifest = (path: string): Record<string, Record<string, string>> =>
    JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, string>>;
  const { devDependencies } = manifest(join(root, 'package.json'));
  const { dependencies } = manifest(join(source, 'package.json'));
  t.same(dependencies, { 'openapi-fetch': devDependencies?.['openapi-fetch'] });
});
