/** What `cli.ts` gives each command to run with. A command says what it works with; `cli.ts` opens that, and closes it. */
import type { Engine } from '../engine/index.js';
import type { CommandResult } from './output.js';

export interface Opening {
  /** Bring the schema up to date first. */
  readonly migrate?: boolean;
  /** Nobody waits for the command: it gives way to others on this machine. */
  readonly inBackground?: boolean;
  /** Name of its connections. */
  readonly applicationName?: string;
  /** Is told what happens in the background; nobody if left out. */
  readonly log?: Engine['log'];
}

/** Opens the installation for the command, runs it, closes everything, and sets the exit code. */
export type Run<Deps> = (
  json: boolean,
  opening: Opening,
  command: (deps: Deps, signal: AbortSignal) => Promise<CommandResult>,
) => Promise<void>;

/** The same with nothing opened: the command gets the configuration. */
export type RunWithout<Settings> = (
  json: boolean,
  command: (settings: Settings, signal: AbortSignal) => Promise<CommandResult>,
) => Promise<void>;
