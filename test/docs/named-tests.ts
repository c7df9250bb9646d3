import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';

const root = join(import.meta.dirname, '../../..');

/** The items of a page and the tests named below them, in order. */
export function itemsOf(page: string): string[] {
  const [, ...items] = readFileSync(join(root, page), 'utf8').split(/^(?=- | {2}- `)/m);
  return items;
}

/** Each item names a test below it, and each test named is there, by file and title. */
export function checkNamedTests(t: Test, items: readonly string[]): void {
  for (const [i, line] of items.entries()) {
    if (line.startsWith('- ')) {
      t.match(items[i + 1] ?? '', /^ {2}- `/, `a test shows: ${line}`);
      continue;
    }
    const [, file = '', title = ''] = /^ {2}- `(test\/[\w./-]+)` "(.+)"$/m.exec(line) ?? [];
    if (t.ok(existsSync(join(root, file)) && file !== '', line)) {
      t.ok(readFileSync(join(root, file), 'utf8').includes(title) && title !== '', `${file} has "${title}"`);
    }
  }
}
