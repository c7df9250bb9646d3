/** `orderlog serve`. */
import { type Command, Option } from 'commander';

export interface Parts {
  readonly api: boolean;
  readonly projectors: boolean;
  /** The greeting is one JSON document, the log goes to standard error. */
  readonly json: boolean;
}

/** @param start serves these parts until the process is to end */
export function addServe(program: Command, start: (parts: Parts) => Promise<void>): void {
  program
    .command('serve')
    .description('run the API and the projectors in one process')
    .addOption(new Option('--api-only', 'the API alone').conflicts('projectorsOnly'))
    .addOption(new Option('--projectors-only', 'the projectors alone, with health and metrics'))
    .addOption(new Option('--json', 'print the first lines as one JSON document, the log to standard error'))
    .action((options: { apiOnly?: boolean; projectorsOnly?: boolean; json?: boolean }) => {
      const { apiOnly = false, projectorsOnly = false, json = false } = options;
      return start({ api: !projectorsOnly, projectors: !apiOnly, json });
    });
}
