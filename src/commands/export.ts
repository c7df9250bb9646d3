/** `orderlog export`. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Engine, type EventStore, type Position, print } from '../engine/index.js';
import { type Exported, exportFolder, type ExportDeps, type FrozenModels } from '../import/export.js';
import { type CommandResult, jsonOption, secondsSince } from './output.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';

export interface ExportRuntime<UserKey, OrderKey> {
  readonly engine: Pick<Engine, 'startProjectors' | 'catchUp' | 'hasReached'>;
  readonly store: EventStore;
  readonly tokens: { encode(position: Position): string };
  readonly gate: { readonly store: ExportDeps<UserKey, OrderKey>['documents'] };
  freeze(kind: 'work'): Promise<FrozenModels<UserKey, OrderKey>>;
}

const CATCH_UP_MS = 60_000;

export function addExport<UserKey, OrderKey>(program: Command, run: Run<ExportRuntime<UserKey, OrderKey>>): void {
  program
    .command('export')
    .description(
      'write categories, products, stock, users and orders as import files, as they are at one moment; personal data in the clear',
    )
    .argument('<dir>', 'a new or an empty folder')
    .option('--with-proofs', "with the users' proofs of identity, as PDF files")
    .addOption(jsonOption)
    .action((dir: string, { withProofs = false, json = false }: { withProofs?: boolean; json?: boolean }) =>
      run(json, {}, async (runtime, signal) => {
        const { engine, store, tokens, gate } = runtime;
        const head = await store.head();
        // Where serve projects the read models already, these wait.
        const projectors = engine.startProjectors();
        try {
          await engine.catchUp(head, CATCH_UP_MS);
          if (!(await engine.hasReached(head))) {
            throw new Error(
              'the read models have not reached the head of the log in time: run orderlog status, which says why, then export again',
            );
          }
          const deps = { freeze: () => runtime.freeze('work'), documents: gate.store };
          const options = { withProofs, progress: showProgress(), signal };
          const begun = performance.now();
          const exported = await exportFolder(resolve(dir), deps, options);
          const seconds = secondsSince(begun);
          return described(resolve(dir), { ...exported, seconds }, tokens.encode(exported.position));
        } finally {
          await projectors.stop();
        }
      }),
    );
}

function described(dir: string, exported: Exported & { readonly seconds: number }, position: string): CommandResult {
  const { categories, products, stock, users, orders, proofs, findings, notes } = exported;
  return {
    document: { dir, ...exported, position },
    text: print.lines([
      `${dir} holds the import files, as of ${position}`,
      `  categories  ${categories}`,
      `  products    ${products.active + products.retired}, of which ${products.retired} are retired`,
      `  stock       ${stock}, the tracked products`,
      `  users       ${users.active + users.erased}, of which ${users.erased} are erased`,
      `  orders      ${orders}`,
      `  id proofs   ${proofs}`,
      '  It holds personal data in the clear.',
      ...findings.map((finding) => `  finding     ${finding}`),
      ...notes.map((note) => `  note        ${note}`),
    ]),
    exitCode: findings.length > 0 ? 1 : 0,
  };
}
