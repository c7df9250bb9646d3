/** Where `orderlog copy-log` copies to. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { eventStoreDb } from '../engine/index.js';
import { WrongUse } from './output.js';

/** @throws WrongUse that says what is wrong with the URL, never showing it */
export function targetUrl(
  { to, toFile }: { readonly to?: string; readonly toFile?: string },
  debug: string | undefined,
): string {
  const text = toFile === undefined ? to : textOf(toFile);
  if (text === undefined) throw new WrongUse('say where the log is to go: --to URL');
  const { url, faults } = eventStoreDb.readUrl(text, process.cwd());
  if (!url) throw new WrongUse(faults.map((fault) => `--to ${fault}`).join('\n'));
  if (eventStoreDb.showsCredentials(debug ?? '')) throw new WrongUse('DEBUG would print passwords: add -esdb* to it');
  return eventStoreDb.clientUrl(url);
}

function textOf(file: string): string {
  try {
    return readFileSync(resolve(file), 'utf8');
  } catch (error) {
    throw new WrongUse(`${file} can not be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
