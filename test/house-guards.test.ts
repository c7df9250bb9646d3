import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { locks } from '../src/engine/postgres/advisory-locks.js';
import { circlesOf } from './support/architecture.js';
import { copiedLimits, retiredTerms, shopWords, tableOwners } from './support/house-guards.js';
import { filesBelow, root, sourcesBelow } from './support/sources.js';

/**
 * What breaks a rule of the house today. It only shrinks: a breach that is gone is taken out here, and a new one is mended.
 * Circles and tables by what they are; retired terms by how many there are in a file.
 */
const baseline = JSON.parse(readFileSync(join(root, 'test/fixtures/house-baseline.json'), 'utf8')) as {
  readonly circles: readonly string[];
  readonly roots: readonly string[];
  readonly tables: Readonly<Record<string, readonly string[]>>;
  readonly shopWords: readonly string[];
  readonly faceNames: number;
  readonly retiredTerms: Readonly<Record<string, number>>;
};

const SHRINKS = 'mend it, or, where there are fewer breaches, take them out of test/fixtures/house-baseline.json';

t.test('no import circle but those of the baseline', async (t) => {
  const folders = ['src', 'projections', 'migrations', 'examples', 'clients/typescript/src'];
  t.same(circlesOf(folders.flatMap(sourcesBelow)), baseline.circles, SHRINKS);
});

t.test('no root but those of the closed list', async (t) => {
  const roots = ['src', 'projections'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  );
  t.same(roots.sort(), baseline.roots, SHRINKS);
});

t.test('each table is named in one file but those of the baseline', async (t) => {
  const owners = tableOwners(['src', 'projections'].flatMap(sourcesBelow));
  const shared = Object.fromEntries([...owners].filter(([, files]) => files.length > 1));
  t.same(shared, baseline.tables, SHRINKS);
});

t.test('the engine says no word of the shop', async (t) => {
  t.same(shopWords(sourcesBelow('src/engine')), baseline.shopWords, SHRINKS);
});

t.test('a limit of the shop is declared in src/values.ts only', async (t) => {
  t.same(copiedLimits(['src', 'projections'].flatMap(sourcesBelow)), [], 'import it from src/values.ts');
});

t.test('the face of the engine does not grow', async (t) => {
  const face = readFileSync(join(root, 'src/engine/index.ts'), 'utf8');
  const names = [...face.matchAll(/\{([^}]*)\}/g)].flatMap(([, list = '']) =>
    list.split(',').filter((one) => one.trim()),
  );
  const spaces = [...face.matchAll(/\* as \w+/g)];
  t.equal(names.length + spaces.length, baseline.faceNames, SHRINKS);
});

t.test('no retired term but those of the baseline', async (t) => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'clients/typescript/README.md', ...filesBelow('docs', '.md')];
  const docs = pages.map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
  const folders = [
    'src',
    'projections',
    'migrations',
    'examples',
    'clients/typescript/src',
    'scripts',
    'test',
    'bench',
  ];
  // The guards themselves say the words.
  const sources = folders.flatMap(sourcesBelow).filter(({ path }) => !path.includes('house-guards'));
  const counts: Record<string, number> = {};
  for (const found of retiredTerms([...sources, ...docs])) {
    const file = found.slice(0, found.indexOf(':'));
    counts[file] = (counts[file] ?? 0) + 1;
  }
  const sorted = Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
  t.same(sorted, baseline.retiredTerms, SHRINKS);
});

t.test('the number of an advisory lock is in one file, and no two locks have the same', (t) => {
  const literal = /\b740[12]\b|\b7_?401_?001\b|pg_\w*advisory\w*\(\s*\d/;
  const others = [...['src', 'projections'].flatMap(sourcesBelow)].filter(({ text }) => literal.test(text));
  t.same(
    others.map(({ path }) => path),
    ['src/engine/postgres/advisory-locks.ts'],
    'say the name of the lock',
  );
  t.equal(new Set(Object.values(locks)).size, Object.keys(locks).length);
  t.end();
});

t.test('each guard sees what it is there for', async (t) => {
  const a = {
    path: 'src/engine/a.ts',
    text: `import './b.js'; // of a user_id, made anew\nselect from orderlog.builds`,
  };
  const b = { path: 'src/engine/b.ts', text: `import type { A } from './a.js'; // orderlog.builds` };
  t.same(circlesOf([a, b]), ['src/engine/a.ts src/engine/b.ts']);
  t.same(shopWords([a, b]), ['src/engine/a.ts:1: user_id']);
  t.same(shopWords([{ ...a, path: 'src/order/a.ts' }]), [], 'outside of the engine the shop may be named');
  t.same([...tableOwners([a, b])], [['builds', ['src/engine/a.ts']]], 'a comment names no table');
  const values = { path: 'src/values.ts', text: 'export const MAX_A = 1;' };
  t.same(copiedLimits([values, { path: 'src/b.ts', text: 'const MAX_A = 2;' }]), ['src/b.ts: MAX_A']);
  t.same(retiredTerms([a, b]), ['src/engine/a.ts:1: anew']);
});
