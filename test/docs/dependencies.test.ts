import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

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
