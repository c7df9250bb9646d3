/** The log of `orderlog serve`. */
import { isatty } from 'node:tty';
import { pino, type Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Config } from './config.js';
import { LineWriter } from './logging/line-writer.js';
import { prettyLines } from './commands/pretty-log.js';

/** The log's lines, and whatever else goes to the same stream, through one writer that never blocks. */
export interface Log {
  readonly logger: Logger;
  readonly writer: LineWriter;
}

/** @param stream the number of an open file */
export async function openLogger({ logLevel, logFormat }: Config, stream: 1 | 2): Promise<Log> {
  const format = logFormat === 'json' ? (line: string): string => line : await prettyLines(isatty(stream));
  const writer = new LineWriter(stream, (lost) => {
    const line = {
      level: pino.levels.values['warn'],
      time: Date.now(),
      lost,
      msg: 'log lines were lost: nobody took them',
    };
    return format(`${JSON.stringify(line)}\n`);
  });
  const logger = pino(
    // The reader of uploads says at level trace with which headers it works: keys are among them.
    { level: logLevel, redact: { paths: ['busboyOptions.headers'], remove: true } },
    {
      write: (line: string) => {
        writer.write(format(line));
      },
    },
  );
  return { logger, writer };
}

export function measureLog(metrics: Registry, writer: LineWriter): void {
  new Counter({
    name: 'orderlog_log_lines_lost_total',
    help: 'Log lines that were lost because standard output took none',
    registers: [metrics],
    collect() {
      this.reset();
      this.inc(writer.lost);
    },
  });
}
