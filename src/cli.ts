#!/usr/bin/env node
/** The orderlog command: one subcommand, one operation. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addBackupAndRestore } from './backup-commands.js';
import { type Config, ConfigError, readConfig } from './config.js';
import { COPYING, openLogAt, PostgresEventStore } from './engine/index.js';
import { leaveAtOnce } from './embedded-postgres/embedded.js';
import { ownLifetime } from './lifetime.js';
import { printAudit } from './commands/audit.js';
import { copyBackResult, copyLogResult } from './commands/copy-log.js';
import { targetUrl } from './commands/copy-target.js';
import { doctor } from './commands/doctor.js';
import { printEvents } from './commands/events.js';
import { describeImport } from './import/describe.js';
import { stderr, stdout } from './commands/outlet.js';
import { type CommandResult, jsonOption, runCommand, WrongUse } from './commands/output.js';
import { problemLog } from './commands/problem-log.js';
import { showProgress } from './commands/progress.js';
import { addQuarantine } from './commands/quarantine-options.js';
import { rebuildResult, rollbackResult } from './commands/rebuild.js';
import { replayResult } from './commands/replay.js';
import { statusResult } from './commands/status.js';
import { verifyResult } from './commands/verify.js';
import { type OpenOptions, openRuntime, type Runtime } from './runtime.js';
import { serve } from './serve.js';
import { streams } from './streams.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const ending = ownLifetime({ lastly: leaveAtOnce });

const HALF = Math.max(1, Math.floor(availableParallelism() / 2));

const program = new Command('orderlog')
  .description('Orders, users and a catalogue on an event log, with read models in Postgres.')
  .version(version)
  .exitOverride()
  .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
  .showHelpAfterError('(orderlog --help lists the commands)')
  .configureHelp({ sortSubcommands: false });

program
  .command('serve')
  .description('API and projectors in one process')
  .addOption(new Option('--api-only', 'the API alone').conflicts('projectorsOnly'))
  .addOption(new Option('--projectors-only', 'the projectors alone, with health and metrics'))
  .addOption(new Option('--json', 'print the first lines as one JSON document, the log to standard error'))
  .action(async (options: { apiOnly?: boolean; projectorsOnly?: boolean; json?: boolean }) => {
    const { apiOnly = false, projectorsOnly = false, json = false } = options;
    const command = async (): Promise<CommandResult> => {
      await serve(config(), { api: !projectorsOnly, projectors: !apiOnly, json }, ending);
      return { document: undefined, text: '', exitCode: 0 };
    };
    process.exitCode = await runCommand(command, { json });
  });

program
  .command('migrate')
  .description('bring the schema up to date, then sow the master data (SEED)')
  .addOption(jsonOption)
  .action(async ({ json = false }: { json?: boolean }) => {
    await run(json, { migrate: true }, async (runtime, signal) => {
      const sown = await runtime.sow(showProgress(), signal);
      const document = { applied: runtime.applied, sown: sown?.appended ?? 0 };
      const text = `${document.applied.length} migrations applied, ${document.sown} events sown`;
      return sown && sown.findings.length > 0 ? describeImport(sown, false) : { document, text, exitCode: 0 };
    });
  });

program
  .command('import')
  .description('import a folder of categories.csv, products.csv, users.csv and orders.ndjson, .gz accepted')
  .argument('<dir>', 'the folder')
  .option('--dry-run', 'check only')
  .addOption(
    new Option('--on-error <what>', 'with findings: stop, or leave the bad rows out and report them')
      .choices(['stop', 'report'])
      .default('stop'),
  )
  .addOption(jsonOption)
  .action(async (dir: string, options: { dryRun?: boolean; onError: 'stop' | 'report'; json?: boolean }) => {
    const { dryRun = false, onError, json = false } = options;
    await run(json, { migrate: true }, async (runtime, signal) =>
      describeImport(await runtime.import(dir, { dryRun, onError, progress: showProgress(), signal }), dryRun),
    );
  });

program
  .command('status')
  .description('the stores, the head of the log, and how far each read model is')
  .addOption(jsonOption)
  .action(async ({ json = false }: { json?: boolean }) => {
    await run(json, {}, (runtime) => statusResult(runtime));
  });

program
  .command('rebuild')
  .description('rebuild read models in the background, then switch to them; resume an interrupted rebuild')
  .argument('[models...]', 'their names; all if left out')
  .option('--jobs <n>', 'how many models are finished at the same time; by default on half of the cores', number, HALF)
  .option('--dry-run', 'say what would be done')
  .option('--no-switch', 'leave the builds ready; the next rebuild switches to them')
  .addOption(jsonOption)
  .action(async (models: string[], options: { jobs: number; dryRun?: boolean; switch: boolean; json?: boolean }) => {
    const { jobs, dryRun = false, json = false } = options;
    await run(json, { migrate: true, inBackground: true, log: problemLog }, (runtime, signal) => {
      const { keepBuildSeconds: keepSeconds } = runtime.config;
      const command = { models, jobs, dryRun, switch: options.switch, keepSeconds, signal, progress: showProgress() };
      return rebuildResult(runtime, command);
    });
  });

program
  .command('rollback')
  .description('read a read model from the build before the last switch again')
  .argument('<model>', 'its name')
  .option('--degraded', 'also where keys wait in it that do not wait in the one that is read')
  .addOption(jsonOption)
  .action(async (model: string, { degraded = false, json = false }: { degraded?: boolean; json?: boolean }) => {
    await run(json, { migrate: true, log: problemLog }, (runtime, signal) => {
      const { keepBuildSeconds: keepSeconds } = runtime.config;
      return rollbackResult(runtime, { model, degraded, keepSeconds, signal });
    });
  });

program
  .command('verify')
  .description('project the log once more, and compare what is read with it; nothing that is read is touched')
  .argument('[models...]', 'their names; all if left out')
  .addOption(jsonOption)
  .action(async (models: string[], { json = false }: { json?: boolean }) => {
    await run(json, { inBackground: true }, (runtime, signal) =>
      verifyResult(
        { ...runtime, documents: () => runtime.gate.store.list() },
        { models, signal, progress: showProgress() },
      ),
    );
  });

addQuarantine(program, run);

program
  .command('audit')
  .description(
    'the history of one thing, from its events; one that can not be read is shown as it is stored, marked, and makes the exit code 1',
  )
  .argument('<kind>', 'order, user or product', (kind: string) => {
    if (kind === 'order' || kind === 'user' || kind === 'product') return kind;
    throw new InvalidArgumentError('It is order, user or product.');
  })
  .argument('<id>', 'its id')
  .addOption(jsonOption)
  .action(async (kind: 'order' | 'user' | 'product', id: string, { json = false }: { json?: boolean }) => {
    await run(json, {}, (runtime, signal) => printAudit(runtime, { kind, id, json }, stdout, signal));
  });

program
  .command('replay')
  .description('make read models as they were at a point, each in a schema of its own, which is kept for a while')
  .argument('[models...]', 'their names; all if left out')
  .requiredOption('--until <point>', 'the position that an answer or an event names, or an RFC 3339 time')
  .addOption(jsonOption)
  .action(async (models: string[], { until, json = false }: { until: string; json?: boolean }) => {
    await run(json, { migrate: true, log: problemLog }, (runtime, signal) => {
      const { snapshotKeepSeconds: keepSeconds } = runtime.config;
      return replayResult(runtime, { until, models, keepSeconds, signal, progress: showProgress() });
    });
  });

program
  .command('events')
  .description('print the log, as it is stored')
  .option('--stream <name>', 'one stream only')
  .option('--from <place>', 'of the log: after this token; of a stream: from this revision on')
  .option('--follow', 'go on with what comes')
  .addOption(new Option('--json', 'print exactly one JSON document (an array)'))
  .action(async (options: { stream?: string; from?: string; follow?: boolean; json?: boolean }) => {
    await run(options.json ?? false, {}, (runtime, signal) => printEvents(runtime, options, stdout, signal));
  });

program
  .command('copy-log')
  .description(
    'move the log from the database to EventStoreDB: copy it, compare both, then switch; go on if it was stopped',
  )
  .addOption(new Option('--to <url>', 'esdb://... or kurrentdb://...').conflicts(['toFile', 'back']))
  .addOption(new Option('--to-file <file>', 'a file that holds the URL, and with it a password').conflicts('back'))
  .option('--back', 'the way back, as long as nothing was written to EventStoreDB since (EVENTSTORE_URL set to it)')
  .addOption(jsonOption)
  .action(async (options: { to?: string; toFile?: string; back?: boolean; json?: boolean }) => {
    await run(options.json ?? false, { migrate: true, applicationName: COPYING }, async (runtime, signal) => {
      const { pool, store, connection, location } = runtime;
      const deps = { pool, store, embedded: location !== null };
      const target = options.back
        ? new PostgresEventStore(pool, connection)
        : await openLogAt(targetUrl(options, process.env['DEBUG']));
      try {
        const copy = options.back ? copyBackResult : copyLogResult;
        return await copy(deps, target, { categories: Object.keys(streams), progress: showProgress(), signal });
      } finally {
        await target.close();
      }
    });
  });

addBackupAndRestore(program, { run, runWithout, version });

program
  .command('doctor')
  .description('check configuration, connections, versions, clock and free space, and say what to do')
  .addOption(jsonOption)
  .action(async ({ json = false }: { json?: boolean }) => {
    process.exitCode = await runCommand(() => doctor(config, (settings) => openRuntime(settings, { signal: ending })), {
      json,
    });
  });

function number(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 1 to 99.');
}

/** Opens what the command needs, runs it, closes everything, and sets the exit code. */
function run(
  json: boolean,
  options: OpenOptions,
  command: (runtime: Runtime, signal: AbortSignal) => Promise<CommandResult>,
): Promise<void> {
  return runWithout(json, async (settings, signal) => {
    const runtime = await openRuntime(settings, { ...options, signal });
    try {
      return await command(runtime, signal);
    } finally {
      await runtime.close();
    }
  });
}

/** The same with nothing opened. */
async function runWithout(
  json: boolean,
  command: (settings: Config, signal: AbortSignal) => Promise<CommandResult>,
): Promise<void> {
  process.exitCode = await runCommand(async () => command(config(), ending), { json });
}

function config(): Config {
  try {
    return readConfig(process.env, process.cwd());
  } catch (error) {
    throw error instanceof ConfigError ? new WrongUse(error.message, { cause: error }) : error;
  }
}

// A reader may leave at any time (`| head`): no reason to die of it.
let isLost = false;
stdout.onError((error) => {
  // Each later write fails as well.
  if (error.code === 'EPIPE' || isLost) return;
  isLost = true;
  stderr.write(`orderlog: standard output can not be written: ${error.message}\n`);
  process.exitCode = 3;
});
// Nobody reads what is wrong: that is no reason either, and there is nowhere else to tell it.
stderr.onError(() => undefined);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
  if (error.exitCode !== 0 && process.argv.includes('--json')) {
    const message = error.message.replace(/^error: /, '');
    stdout.write(`${JSON.stringify({ error: { name: 'WrongUse', message } })}\n`);
  }
}
