import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import t from 'tap';

// It brings no types.
const { subset } = createRequire(import.meta.url)('semver') as { subset(range: string, within: string): boolean };

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/decisions/0008-dependencies.md'), 'utf8');
const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Readonly<Record<string, string>>
>;
const all = Object.entries({ ...dependencies, ...devDependencies });

t.test('every package has its exact version, and a reason in the table', async (t) => {
  for (const [name, version] of all) {
    t.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
    if (!name.startsWith('@types/')) t.ok(page.includes(`\`${name}\``), `${name} has a reason`);
  }
});

t.test('the table names no package that is not used', async (t) => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`…]+)`/g)].map(([, name = '']) => name),
  );
  t.ok(named.length > 20);
  for (const name of named)
    t.ok(
      all.some(([one]) => one === name),
      `${name} is used`,
    );
});

t.test('no package, its own or of another one, wants another Node than the README promises', async (t) => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly engines?: { readonly node?: string } }>>;
  };
  const { '': own, ...others } = lock.packages;
  const promised = own?.engines?.node ?? '';
  t.equal(promised, '^20.19.0 || ^22.13.0 || >=24.0.0');
  t.match(readFileSync(join(root, 'README.md'), 'utf8'), 'Node 20.19, 22.13, 24 or newer');
  const wanting = Object.entries(others).filter(([, { engines }]) => !subset(promised, engines?.node ?? '*'));
  t.ok(Object.keys(others).length > 300);
  t.same(
    wanting.map(([path, { engines }]) => `${path} wants ${engines?.node}`),
    [],
  );
});
