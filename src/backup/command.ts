/** What `orderlog backup` and `orderlog restore` print. */
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type AnyProjection, type Engine, print } from '../engine/index.js';
import { type CommandResult, secondsSince, unusablePath, WrongUse } from '../commands/output.js';
import { backUp, type BackedUp, type BackupDeps, type BackupOptions } from './backup.js';
import { restore, type RestoreDeps, type Restored, type RestoreOptions } from './restore.js';

type Rebuilt = Awaited<ReturnType<Engine['rebuild']>>[number];

export interface BackupCommandDeps extends BackupDeps {
  /** Where the master key is: the name of a setting, or a file. */
  readonly masterKeySource: string;
}

const SHOWN = 5;

/** @throws WrongUse where the file is there, or can't be */
export async function backupResult(
  deps: BackupCommandDeps,
  file: string,
  options: BackupOptions,
): Promise<CommandResult> {
  const begun = performance.now();
  if (existsSync(file)) throw new WrongUse(`${file} is there already: name another file, or remove it`);
  if (!existsSync(dirname(file))) throw new WrongUse(`there is no folder ${dirname(file)}: make it, or name another`);
  const backedUp = await backUp(deps, file, options).catch((error: unknown) => {
    throw unusablePath(error, file, 'written');
  });
  const { events, users, documents, position } = backedUp.manifest;
  const { size: bytes } = statSync(file);
  const notes = notesOf(deps, backedUp);
  const seconds = secondsSince(begun);
  return {
    document: { file, bytes, events, users, documents: documents.count, position, seconds, notes },
    text: print.lines([
      `${file}: ${events} events, keys of ${users} users, ${documents.count} documents, ${bytes} bytes in ${seconds} s`,
      `position ${position}`,
      ...notes.map((note) => `note       ${note}`),
    ]),
    exitCode: 0,
  };
}

function notesOf({ masterKeySource }: BackupCommandDeps, { manifest, missing }: BackedUp): string[] {
  const notes = [
    `the master key is not in this file, and without it nobody reads a name or a proof: keep ${masterKeySource} elsewhere`,
  ];
  if (manifest.log.kind !== 'postgres') {
    notes.push(
      `the log is not in this file: it is log ${manifest.log.id} on the server at EVENTSTORE_URL, to be backed up there, and before ` +
        'this, so that no key of a user in it is missing here',
    );
  }
  if (missing.length > 0) {
    const more = missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : '';
    notes.push(
      `documents that the log names were not there, unless their users were erased meanwhile they are lost: ` +
        `${missing.slice(0, SHOWN).join(', ')}${more}`,
    );
  }
  return notes;
}

export interface RestoreCommandDeps extends RestoreDeps {
  readonly projections: readonly AnyProjection[];
  readonly keepSeconds: number;
  /** The installation as it is then. */
  readonly openRuntime: () => Promise<{
    readonly engine: Pick<Engine, 'rebuild'>;
    /** Erases a user who was erased after the backup. False where the restored log does not know the user. */
    erase(userId: string): Promise<boolean>;
    close(): Promise<void>;
  }>;
}

/** @throws WrongUse for a backup that can't be restored here, and what rebuilding throws */
export async function restoreResult(
  deps: RestoreCommandDeps,
  file: string,
  options: RestoreOptions,
): Promise<CommandResult> {
  const begun = performance.now();
  const { progress } = options;
  try {
    const restored = await restore(deps, file, options);
    const { models, erased } = await finish(deps, options);
    restored.done();
    progress.stop();
    return restoredResult({ ...restored, erased }, models, file, secondsSince(begun));
  } finally {
    progress.stop();
  }
}

/** What takes the installation as it is then: users are erased again, and the read models are made. */
async function finish(
  { openRuntime, projections, keepSeconds, erased: ids }: RestoreCommandDeps,
  { progress, signal }: RestoreOptions,
): Promise<{ readonly models: Rebuilt[]; readonly erased: number }> {
  const runtime = await openRuntime();
  try {
    let erased = 0;
    for (const id of ids) if (await runtime.erase(id)) erased += 1;
    const models = await runtime.engine.rebuild(projections, {
      ...{ jobs: 2, switch: true, keepSeconds, signal },
      stretch: (what, total) => {
        progress.start(what, total);
      },
      done: (by) => {
        progress.advance(by);
      },
    });
    return { models, erased };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`everything is restored but erasures and read models: ${why}. Run the same command again`, {
      cause,
    });
  } finally {
    await runtime.close();
  }
}

function restoredResult(
  { manifest, destroyed, lost, erased }: Restored & { readonly erased: number },
  models: readonly Rebuilt[],
  file: string,
  seconds: number,
): CommandResult {
  const { events, users, documents, position, made_at } = manifest;
  const notes = [
    ...(destroyed > 0 ? [`the keys of ${print.plural(destroyed, 'erased user')} were destroyed again`] : []),
    ...(erased > 0
      ? [
          `${print.plural(erased, 'user')} of the list of erased users ${erased === 1 ? 'is' : 'are'} erased in this log as well`,
        ]
      : []),
    ...(lost > 0
      ? [`${lost} users came after the backup: their keys are lost, their names and proofs read as null`]
      : []),
  ];
  return {
    document: {
      ...{ events, users, documents: documents.count, position, models },
      ...{ keys_destroyed: destroyed, users_erased: erased, seconds, notes },
    },
    text: print.lines([
      `${events} events, keys of ${users} users, ${documents.count} documents of ${made_at}, from ${file} in ${seconds} s`,
      `read models rebuilt: ${models.map(({ name, rows }) => `${name} (${rows} rows)`).join(', ')}`,
      ...notes.map((note) => `note       ${note}`),
      'next: orderlog verify, then orderlog serve. Erase users again who were erased after the backup and are not in the list',
    ]),
    exitCode: 0,
  };
}
