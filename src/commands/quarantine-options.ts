import { type Command, Option } from 'commander';
import { type CommandResult, jsonOption } from './output.js';
import { listResult, type QuarantineCommandDeps, retryResult, skipResult } from './quarantine.js';

/** Opens what a command needs, runs it, and sets the exit code. */
type Run = (
  json: boolean,
  options: { readonly migrate?: boolean },
  command: (deps: QuarantineCommandDeps) => Promise<CommandResult>,
) => Promise<void>;

/** Adds `orderlog quarantine` and its subcommands. */
export function addQuarantine(program: Command, run: Run): void {
  const quarantine = program
    .command('quarantine')
    .description('keys of read models that wait at an event which can not be applied')
    .configureHelp({ sortSubcommands: false });
  const modelOption = new Option('--model <name>', 'of this read model only');

  quarantine
    .command('list')
    .description('what waits, where and why, and what was skipped')
    .addOption(modelOption)
    .addOption(jsonOption)
    .action(async ({ model, json = false }: { model?: string; json?: boolean }) => {
      await run(json, {}, (runtime) => listResult(runtime, { model }));
    });

  quarantine
    .command('retry')
    .description("apply the events of keys that wait by today's code, in their order; all keys if none is named")
    .argument('[streams...]', 'the keys, as the list names them: order-… or user-…')
    .addOption(modelOption)
    .addOption(jsonOption)
    .action(async (streams: string[], { model, json = false }: { model?: string; json?: boolean }) => {
      await run(json, { migrate: true }, (runtime) => retryResult(runtime, { streams, model }));
    });

  quarantine
    .command('skip')
    .description(
      'leave out for good the event that a key waits at, or that a model has stopped at, and apply those behind it',
    )
    .argument('<stream>', 'the stream as the list names it, better with the revision: order-…@1, product-…@0')
    .requiredOption('--reason <text>', 'why; it is kept, and verify tells it')
    .addOption(modelOption)
    .addOption(jsonOption)
    .action(async (stream: string, options: { reason: string; model?: string; json?: boolean }) => {
      const { reason, model, json = false } = options;
      await run(json, { migrate: true }, (runtime) => skipResult(runtime, { stream, reason, model }));
    });
}
