/** The log for people at a terminal. Its lines quote what comes from outside: request ids, messages of servers. */
import { print } from '../engine/index.js';

/** @returns what makes a line for people of a line of the log */
export async function prettyLines(colorize: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize, ignore: 'pid,hostname' });
  return (line) => pretty(printableEntry(line));
}

/** An entry of the log, as pino writes it, with nothing in it that a terminal obeys. The lines of stacks stay lines. */
export function printableEntry(line: string): string {
  return JSON.stringify(
    JSON.parse(line, (key: string, value: unknown) => {
      if (typeof value === 'string')
        return key === 'stack' ? value.split('\n').map(printableText).join('\n') : print.safe(value);
      return isPlain(value)
        ? Object.fromEntries(Object.entries(value).map(([name, one]) => [print.safe(name), one]))
        : value;
    }),
  );
}

function printableText(line: string): string {
  return print.safe(line);
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
