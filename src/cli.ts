#!/usr/bin/env node
/** The orderlog command: one subcommand, one operation, one file of `commands`. Here they are listed, and given what they open. */
import { existsSync, readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { projections } from '../projections/index.js';
import { ApiKeys } from './access/api-keys.js';
import type { RestoreCommandDeps } from './backup/command.js';
import { erasedListFile, readErased } from './backup/erased-list.js';
import { addAudit } from './commands/audit.js';
import { addBackup } from './commands/backup.js';
import { addCopyLog } from './commands/copy-log.js';
import { addDemo } from './commands/demo.js';
import { addDoctor } from './commands/doctor.js';
import { addEraseUser, eraseUserAgain } from './commands/erase-user.js';
import { addEvents } from './commands/events.js';
import { addExport } from './commands/export.js';
import { addImport } from './commands/import.js';
import { addKeys } from './commands/keys.js';
import { addMigrate } from './commands/migrate.js';
import { stderr, stdout } from './commands/outlet.js';
import { runCommand, unusablePath, WrongUse } from './commands/output.js';
import { problemLog } from './commands/problem-log.js';
import { addQuarantine } from './commands/quarantine.js';
import { addRebuild } from './commands/rebuild.js';
import { addReplay } from './commands/replay.js';
import { addRestore } from './commands/restore.js';
import { addRollback } from './commands/rollback.js';
import { addRotateMaster } from './commands/rotate-master-key.js';
import type { Run, RunWithout } from './commands/run.js';
import { addSeal } from './commands/seal.js';
import { addServe } from './commands/serve.js';
import { addStatus } from './commands/status.js';
import { StrictCommand } from './commands/strict-command.js';
import { addVerify } from './commands/verify.js';
import { type Config, ConfigError, readConfig } from './config.js';
import { masterKeyFile, readMasterKey } from './crypto/master-key.js';
import { NoMasterKey } from './crypto/wrapped-key.js';
import { leaveAtOnce } from './embedded-postgres/embedded.js';
import { openLog } from './engine/index.js';
import { ownLifetime } from './lifetime.js';
import { openDatabase } from './open-database.js';
import { documentStore, openRuntime, type Runtime } from './runtime.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const ending = ownLifetime({ lastly: leaveAtOnce, json: process.argv.includes('--json') });

const program = new StrictCommand('orderlog')
  .description('Orders, users and a catalog on an event log, with read models in Postgres.')
  .version(version)
  .exitOverride()
  .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
  .showHelpAfterError('(orderlog --help lists the commands)')
  .configureHelp({ sortSubcommands: false });

const runWithout: RunWithout<Config> = async (json, command) => {
  process.exitCode = await runCommand(
    async () => {
      const settings = config();
      return command(settings, ending).catch(blameSettings(settings));
    },
    { json },
  );
};

const run: Run<Runtime> = (json, opening, command) =>
  runWithout(json, async (settings, signal) => {
    const runtime = await openRuntime(settings, { ...opening, signal });
    try {
      return await command(runtime, signal);
    } finally {
      await runtime.close();
    }
  });

/** With the database alone: a key can be revoked, and an admin's created, whatever else is out of order. */
const runOnKeys: Run<ApiKeys> = (json, opening, command) =>
  runWithout(json, async (settings, signal) => {
    const database = await openDatabase(settings, { ...opening, signal });
    try {
      return await command(new ApiKeys(database.pool), signal);
    } finally {
      await database.close();
    }
  });

// What answers requests is loaded by the two commands that need it: it is half of the program, and would double the start of each other one.
addServe(program, (parts) =>
  runWithout(parts.json, async (settings, signal) => {
    const { serve } = await import('./serve.js');
    await serve(settings, { ...parts, version }, signal);
    return { document: undefined, text: '', exitCode: 0 };
  }),
);
addMigrate(program, run);
addImport(program, run);
addExport(program, run);
addDemo(program, run, async (runtime) => (await import('./serve.js')).demoApi(runtime, version, ending));
addStatus(program, run);
addRebuild(program, run);
addRollback(program, run);
addVerify(program, run);
addSeal(program, run);
addQuarantine(program, run);
addAudit(program, run);
addReplay(program, run);
addEvents(program, run);
addCopyLog(program, run, process.env['DEBUG']);
addEraseUser(program, run);
const keys = program.command('keys').description('API keys of callers, and the master key');
addKeys(keys, runOnKeys, run);
addRotateMaster(keys, run);
addBackup(program, run, (runtime) => ({ masterKeySource: masterKeySourceOf(runtime.config), version }));
addRestore(program, runWithout, restoreDeps);
addDoctor(program, config, (settings) => openRuntime(settings, { signal: ending }).catch(blameSettings(settings)));

function config(): Config {
  try {
    return readConfig(process.env, process.cwd());
  } catch (error) {
    throw error instanceof ConfigError ? new WrongUse(error.message, { cause: error }) : error;
  }
}

/** What is wrong with the data folder, or the key in it, is wrong use as a faulty variable is. */
function blameSettings({ dataDir }: Config): (error: unknown) => never {
  return (error) => {
    if (error instanceof NoMasterKey) throw new WrongUse(error.message, { cause: error });
    throw unusablePath(error, dataDir, 'used for ORDERLOG_DATA_DIR');
  };
}

function masterKeySourceOf({ masterKey, dataDir }: Config): string {
  return masterKey ? 'MASTER_KEY' : masterKeyFile(dataDir);
}

/** A restore opens the installation part by part: the database has no schema yet, and its keys are in the backup. */
async function restoreDeps(
  settings: Config,
  signal: AbortSignal,
  erasedList: string | undefined,
): Promise<RestoreCommandDeps> {
  const { dataDir, eventStoreUrl, masterKey, keepBuildSeconds: keepSeconds } = settings;
  return {
    ...{ dataDir, documents: documentStore(settings), projections, keepSeconds },
    masterKeySource: masterKeySourceOf(settings),
    masterKey: masterKey ?? (existsSync(masterKeyFile(dataDir)) ? readMasterKey(dataDir) : null),
    openDatabase: (applicationName) => openDatabase(settings, { migrate: false, applicationName, signal }),
    openLog: eventStoreUrl === null ? null : () => openLog(eventStoreUrl),
    erased: await readErased(erasedList ?? erasedListFile(dataDir), erasedList !== undefined),
    openRuntime: async () => {
      const runtime = await openRuntime(settings, { log: problemLog, signal });
      const erase = (userId: string): Promise<boolean> => eraseUserAgain(runtime, userId);
      return { engine: runtime.engine, erase, close: () => runtime.close() };
    },
  };
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
