import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Source } from './syntax.js';

export const root = join(import.meta.dirname, '../../..');

/** Paths from the root, of files below a folder of it. */
export function filesBelow(folder: string, ending: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith(ending)).map((file) => `${folder}/${file}`);
}

export function sourcesBelow(folder: string): Source[] {
  return filesBelow(folder, '.ts').map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
