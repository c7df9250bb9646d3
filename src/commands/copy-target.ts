/** Where `orderlog copy-log` copies to. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errors, eventStoreDb } from '../engine/index.js';
import { WrongUse } from './output.js';

export interface NamedTarget {
  readonly to?: string;
  readonly toFile?: string;
}

/** @throws WrongUse that says what is wrong with the URL, never showing it */
export function targetUrl(target: NamedTarget, debug: string | undefined): string {
  const { to, toFile } = target;
  const text = toFile === undefined ? to : textOf(toFile);
  if (text === undefined) throw new WrongUse('say where the log is to go: --to URL');
  const { url, faults } = eventStoreDb.readUrl(text, process.cwd());
  if (!url) throw new WrongUse(faults.map((fault) => `${optionOf(target)} ${fault}`).join('\n'));
  if (eventStoreDb.showsCredentials(debug ?? '')) throw new WrongUse('DEBUG would print passwords: add -esdb* to it');
  return eventStoreDb.clientUrl(url);
}

/** An error of the target. It names the server by the variable that a start takes it from: here it comes from an option. */
export function ofTarget(target: NamedTarget, error: unknown): unknown {
  if (!(error instanceof errors.EventStoreUnavailable)) return error;
  return new errors.EventStoreUnavailable(error.message.replaceAll('EVENTSTORE_URL', optionOf(target)), {
    cause: error,
  });
}

function optionOf({ toFile }: NamedTarget): string {
  return toFile === undefined ? '--to' : '--to-file';
}

function textOf(file: string): string {
  try {
    return readFileSync(resolve(file), 'utf8');
  } catch (error) {
    throw new WrongUse(`${file} can not be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
