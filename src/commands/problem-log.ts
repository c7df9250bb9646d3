import { type Engine, print } from '../engine/index.js';
import { stderr } from './outlet.js';

/** What projectors say while a command runs them: only what is wrong, and never on standard output. */
export const problemLog: Engine['log'] = {
  info: () => undefined,
  warn: write,
  error: write,
};

function write(fields: object, message: string): void {
  stderr.write(`${print.safe(`${message}: ${JSON.stringify(fields)}`)}\n`);
}
