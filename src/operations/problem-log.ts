import type { ProjectorLog } from '../infra/projector/log.js';

/** What projectors say while a command runs them: only what is wrong, and never on standard output. */
export const problemLog: ProjectorLog = {
  info: () => undefined,
  warn: (fields, message) => void process.stderr.write(`${message}: ${JSON.stringify(fields)}\n`),
  error: (fields, message) => void process.stderr.write(`${message}: ${JSON.stringify(fields)}\n`),
};
