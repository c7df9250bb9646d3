import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';

const root = join(import.meta.dirname, '../../..');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...['docs', 'src', 'examples'].flatMap(markdownIn),
  'clients/typescript/README.md',
];

t.test('what the pages link to, and every file and folder they name, is there', async (t) => {
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      t.ok(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`);
    }
    for (const [, path = ''] of text.matchAll(
      /`((?:src|projections|migrations|test|docs|scripts|seed|bench|examples|clients)\/[\w./-]+)`/g,
    )) {
      // Results of a benchmark are nobody's but who ran it.
      if (path !== 'bench/results') t.ok(existsSync(join(root, path)), `${page} names ${path}`);
    }
  }
});

t.test('every npm script that the pages name is there', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8');
    for (const [, script = ''] of text.matchAll(/npm run ([a-z]+(?:[:-][a-z]+)*)/g))
      t.ok(script in scripts, `${page}: ${script}`);
  }
});

t.test('every npm script is named in a page', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const text = pages.map((page) => readFileSync(join(root, page), 'utf8')).join('\n');
  // npm runs this one by itself.
  const named = Object.keys(scripts).filter((script) => script !== 'prepare');
  t.ok(named.length > 10);
  for (const script of named) t.match(text, new RegExp(`npm (?:run )?${script}(?![\\w:-])`), script);
});

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return markdownIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}
