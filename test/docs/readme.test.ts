import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { sourcesBelow } from '../support/sources.js';

const MOST_WORDS = 1_200;
const root = join(import.meta.dirname, '../../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

t.test(`the README has at most ${MOST_WORDS} words`, async (t) => {
  const words = readme.split(/\s+/).filter((word) => /\w/.test(word));
  t.ok(words.length <= MOST_WORDS, `${words.length} words: move reference to docs`);
});

t.test('the README leads to the map of the docs and to the tour', async (t) => {
  for (const target of ['docs/README.md', 'examples/tour.sh']) t.ok(readme.includes(`](${target})`), target);
});

t.test('the reference names every variable of the configuration and every command', async (t) => {
  const reference = readFileSync(join(root, 'docs/reference.md'), 'utf8');
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const settings = read('src/config.ts') + read('src/access/config.ts');
  const variables = [...settings.matchAll(/env\.(?:text|secret|integer|oneOf)\('([A-Z_]+)'/g)];
  const commands = sourcesBelow('src/commands').flatMap(({ text }) => [...text.matchAll(/\.command\('([\w-]+)'\)/g)]);
  t.ok(variables.length > 10 && commands.length > 15);
  const unnamed = [...variables, ...commands].flatMap(([, name = '']) =>
    new RegExp(`\`(?:quarantine |keys )?${name}\\b`).test(reference) ? [] : [name],
  );
  // The client of EventStoreDB reads DEBUG, not Orderlog.
  t.same(
    unnamed.filter((name) => name !== 'DEBUG'),
    [],
  );
});
