/** Imports a folder into an open installation. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CachedTree } from './category/cached-tree.js';
import type { ImportSettings } from './commands/import.js';
import { comparableEmail, deriveUuid, emailHash, fingerprint, orderIdFor, referenceHash } from './crypto/derive.js';
import type { Secrets } from './crypto/secrets.js';
import { faultOfIdProof, type IdProofGate, storeIdProof } from './documents/id-proof-gate.js';
import type { Claims, CommandHandler, Engine } from './engine/index.js';
import { newId } from './http/new-id.js';
import { commandSink } from './import/command-sink.js';
import type { CommandIdOf } from './import/plan.js';
import { importFolder, type ImportResult } from './import/run.js';
import { readStoredState } from './import/stored-state.js';
import type { ErasureDeps } from './user/erase.js';
import { nothingStored } from './import/stored.js';

export interface ImportTarget {
  readonly engine: Pick<Engine, 'isEmpty'>;
  readonly handler: CommandHandler;
  readonly tree: CachedTree;
  readonly secrets: Pick<Secrets, 'hashKey'>;
  readonly gate: IdProofGate;
  readonly emailClaims: Claims;
  readonly erasures: ErasureDeps;
  readonly skuClaims: Claims;
  readonly productIds: ReturnType<Engine['sequence']>;
  readonly categoryIds: ReturnType<Engine['sequence']>;
  readonly orderNumbers: ReturnType<Engine['sequence']>;
}

export async function importInto(runtime: ImportTarget, dir: string, settings: ImportSettings): Promise<ImportResult> {
  const { engine, handler, tree, secrets, gate } = runtime;
  const { hashKey } = secrets;
  const commandIdOf: CommandIdOf = (command, ref) => deriveUuid(hashKey, 'import', command, ref);
  const stored = (await engine.isEmpty()) ? nothingStored : await readStoredState(handler, commandIdOf);
  const sink = commandSink({
    handler,
    tree,
    emailClaims: runtime.emailClaims,
    erasures: runtime.erasures,
    products: { skuClaims: runtime.skuClaims, ids: runtime.productIds },
    categoryIds: runtime.categoryIds,
    orderNumbers: runtime.orderNumbers,
    emailHash: (email) => emailHash(hashKey, email),
    referenceHash: (reference) => referenceHash(hashKey, reference),
    commandIdOf,
    newId,
    fingerprint: (type, content) => fingerprint(hashKey, type, content),
    storeIdProof: async (path, uploaded_at) => ({ ...(await storeIdProof(gate, createReadStream(path))), uploaded_at }),
    fileTimes: {
      categories: fileTime(dir, 'categories.csv'),
      products: fileTime(dir, 'products.csv'),
      users: fileTime(dir, 'users.csv'),
    },
  });
  return importFolder(dir, stored, sink, {
    ...settings,
    userIdFor: (userRef) => deriveUuid(hashKey, 'import-user', userRef),
    commandIdOf,
    orderIdFor: (userId, ref) => orderIdFor(hashKey, userId, ref, 0),
    comparableEmail,
    judgeIdProof: (path) => faultOfIdProof(gate, createReadStream(path)),
  });
}

/** When a file of the import was written, or its compressed form; the time now if there is neither. */
function fileTime(dir: string, name: string): string {
  const file = [join(dir, name), join(dir, `${name}.gz`)].find((path) => existsSync(path));
  return (file ? statSync(file).mtime : new Date()).toISOString();
}
