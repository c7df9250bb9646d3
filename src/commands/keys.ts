/** `orderlog keys create`, `list` and `revoke`: API keys. */
import { type Command, Option } from 'commander';
import type { ApiKeys, CreatedKey, ListedKey } from '../access/api-keys.js';
import { type Role, ROLES, userIdOf } from '../access/caller.js';
import type { CommandHandler } from '../engine/index.js';
import { userStream } from '../user/stream.js';
import { type CommandResult, jsonOption, WrongUse } from './output.js';
import type { Run } from './run.js';
import { table } from './table.js';

export interface CustomerKeyDeps {
  readonly apiKeys: ApiKeys;
  readonly handler: Pick<CommandHandler, 'load'>;
}

/**
 * Adds `create`, `list` and `revoke` to `orderlog keys`.
 * @param run with the database alone
 * @param runForCustomer with the log as well, which knows the users
 */
export function addKeys(keys: Command, run: Run<ApiKeys>, runForCustomer: Run<CustomerKeyDeps>): void {
  keys
    .command('create')
    .description('create an API key and show it, only this once')
    .addOption(new Option('--role <role>', 'what its holder may do').choices(ROLES).makeOptionMandatory())
    .option('--user <id>', 'the user that owns the key; for the role customer only')
    .addOption(jsonOption)
    .action(async ({ role, user, json = false }: { role: Role; user?: string; json?: boolean }) => {
      const opening = { migrate: true };
      if (role === 'customer') await runForCustomer(json, opening, (deps) => createForCustomer(deps, user));
      else await run(json, opening, (store) => createForStaff(store, role, user));
    });

  keys
    .command('list')
    .description('list the API keys, oldest first, without their secrets')
    .addOption(jsonOption)
    .action(async ({ json = false }: { json?: boolean }) => {
      await run(json, {}, listResult);
    });

  keys
    .command('revoke')
    .description('end an API key for good, on every process within 5 seconds')
    .argument('<key-id>', 'the id as the list shows it')
    .addOption(jsonOption)
    .action(async (keyId: string, { json = false }: { json?: boolean }) => {
      await run(json, {}, (store) => revokeResult(store, keyId));
    });
}

/** @throws WrongUse when a user is named */
export async function createForStaff(
  keys: ApiKeys,
  role: Exclude<Role, 'customer'>,
  user: string | undefined,
): Promise<CommandResult> {
  if (user === undefined) return shown(await keys.create(role, null));
  throw new WrongUse(`--user belongs to the role customer, and the role is ${role}: leave it out`);
}

/** @throws WrongUse when no user is named, or one that does not exist any more or never did */
export async function createForCustomer(
  { apiKeys, handler }: CustomerKeyDeps,
  user: string | undefined,
): Promise<CommandResult> {
  if (user === undefined) throw new WrongUse('a customer is a user: name it with --user');
  const userId = userIdOf(user);
  if (userId === null)
    throw new WrongUse('--user is no user id: it is a UUID, as the answer to the registration shows');
  // Not from the read model: it may not have a user yet who registered a moment ago.
  const { state } = await handler.load(userStream, userId);
  if (!state) throw new WrongUse(`--user: there is no user ${userId}; register the user first (POST /v1/users)`);
  const erased = new WrongUse(`--user: the user ${userId} has been erased`);
  if (state.status === 'erased') throw erased;
  const created = await apiKeys.create('customer', userId);
  // An erasure may have revoked the user's keys before this one was there. One that begins later finds it.
  if ((await handler.load(userStream, userId)).state?.status !== 'erased') return shown(created);
  await apiKeys.revoke(created.key_id);
  throw erased;
}

function shown(created: CreatedKey): CommandResult {
  const lines = [
    created.key,
    '',
    `key id  ${created.key_id}`,
    `role    ${created.role}${created.user_id === null ? '' : ` of user ${created.user_id}`}`,
    '',
    'Keep the key now: Orderlog stores its hash only and never shows it again.',
    'Send it as: Authorization: Bearer <key>',
  ];
  return { document: created, text: lines.join('\n'), exitCode: 0 };
}

export async function listResult(keys: ApiKeys): Promise<CommandResult> {
  const all = await keys.list();
  return { document: { keys: all }, text: listText(all), exitCode: 0 };
}

function listText(all: readonly ListedKey[]): string {
  if (all.length === 0) return 'There are no keys. Create one with: orderlog keys create --role admin';
  const head = ['key id', 'role', 'user', 'created', 'last used', 'revoked'];
  const rows = all.map((key) => [
    ...[key.key_id, key.role, key.user_id ?? '-', key.created_at],
    ...[key.last_used_at ?? 'never', key.revoked_at ?? '-'],
  ]);
  return table([head, ...rows]).join('\n');
}

/** @throws WrongUse for an unknown key */
export async function revokeResult(keys: ApiKeys, keyId: string): Promise<CommandResult> {
  const revoked_at = await keys.revoke(keyId);
  if (revoked_at === null) throw new WrongUse('there is no key with this id: orderlog keys list shows all');
  const text = `Key ${keyId} is revoked. Every process refuses it within 5 seconds.`;
  return { document: { key_id: keyId, revoked_at }, text, exitCode: 0 };
}
