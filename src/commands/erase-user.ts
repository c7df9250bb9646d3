/** `orderlog erase-user`: destroys everything personal about a user, and prints what was destroyed. */
import type { Command } from 'commander';
import { userIdOf } from '../access/caller.js';
import { fingerprint } from '../crypto/derive.js';
import type { Secrets } from '../crypto/secrets.js';
import { print, Refusal } from '../engine/index.js';
import { type Erased, eraseUser, type ErasureDeps } from '../user/erase.js';
import { type CommandResult, jsonOption, WrongUse } from './output.js';
import { ownContext } from './own-context.js';
import type { Run } from './run.js';

export interface EraseUserDeps {
  readonly erasures: ErasureDeps;
  readonly secrets: Secrets;
}

export function addEraseUser(program: Command, run: Run<EraseUserDeps>): void {
  program
    .command('erase-user')
    .description('destroy the personal data of a user for good and print the receipt; orders stay')
    .argument('<id>', 'the id of the user')
    .addOption(jsonOption)
    .action((id: string, { json = false }: { json?: boolean }) => run(json, {}, (deps) => eraseUserResult(deps, id)));
}

/** For a restore: the user was erased after the backup. @returns false where there is no such user */
export async function eraseUserAgain(deps: EraseUserDeps, userId: string): Promise<boolean> {
  try {
    await erase(deps, userId);
    return true;
  } catch (error) {
    if (isUnknown(error)) return false;
    throw error;
  }
}

/** @throws WrongUse for an id that is none, or that no user has */
async function eraseUserResult(deps: EraseUserDeps, id: string): Promise<CommandResult> {
  const user_id = userIdOf(id);
  if (user_id === null) throw new WrongUse(`${JSON.stringify(id)} is not the id of a user: it must be a UUID`);
  const { receipt } = await erase(deps, user_id).catch((error: unknown) => {
    throw isUnknown(error) ? new WrongUse(`there is no user ${user_id}`, { cause: error }) : error;
  });
  const { erased_at, key_destroyed_at, email_addresses_released: addresses, documents_deleted: documents } = receipt;
  return {
    document: receipt,
    text: print.lines([
      `user ${user_id} is erased`,
      `  erased at          ${erased_at}: from then on every other command of the user is refused`,
      `  addresses          ${addresses} released: other users may register them`,
      `  documents          ${documents.length === 0 ? 'none' : `${documents.join(', ')} deleted`}`,
      '  stored responses   deleted',
      `  key destroyed at   ${key_destroyed_at}: from then on nothing that was sealed for the user can be read`,
    ]),
    exitCode: 0,
  };
}

function erase({ erasures, secrets }: EraseUserDeps, user_id: string): Promise<Erased> {
  const context = ownContext('operator', fingerprint(secrets.hashKey, 'EraseUser', { user_id }));
  return eraseUser(erasures, user_id, context);
}

function isUnknown(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'user-not-found';
}
