/** The log for people at a terminal. Its lines quote what comes from outside: request ids, messages of servers. */
import { isatty } from 'node:tty';
import type { DestinationStream } from 'pino';
import { printable } from '../core/printable.js';

/** @param destination the number of an open file */
export async function prettyLog(destination: 1 | 2): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({ colorize: isatty(destination), destination, ignore: 'pid,hostname', sync: true });
  return {
    write(line: string): void {
      stream.write(`${printableEntry(line)}\n`);
    },
  };
}

/** An entry of the log, as pino writes it, with nothing in it that a terminal obeys. The lines of stacks stay lines. */
export function printableEntry(line: string): string {
  return JSON.stringify(
    JSON.parse(line, (key: string, value: unknown) => {
      if (typeof value === 'string')
        return key === 'stack' ? value.split('\n').map(printableText).join('\n') : printable(value);
      return isPlain(value)
        ? Object.fromEntries(Object.entries(value).map(([name, one]) => [printable(name), one]))
        : value;
    }),
  );
}

function printableText(line: string): string {
  return printable(line);
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
