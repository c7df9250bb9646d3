/** `orderlog keys create`, `list` and `revoke`: API keys. */
import { type Command, Option } from 'commander';
import type { ApiKeys, ListedKey } from '../access/api-keys.js';
import { type Role, ROLES, userIdOf } from '../access/caller.js';
import { type CommandResult, jsonOption, WrongUse } from './output.js';
import type { Run } from './run.js';
import { table } from './table.js';

/** Adds `create`, `list` and `revoke` to `orderlog keys`. */
export function addKeys(keys: Command, run: Run<ApiKeys>): void {
  keys
    .command('create')
    .description('create an API key and show it, only this once')
    .addOption(new Option('--role <role>', 'what its holder may do').choices(ROLES).makeOptionMandatory())
    .option('--user <id>', 'the user that owns the key; for the role customer only')
    .addOption(jsonOption)
    .action(async ({ role, user, json = false }: { role: Role; user?: string; json?: boolean }) => {
      await run(json, { migrate: true }, (store) => createResult(store, role, user));
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

/** @throws WrongUse when role and user do not fit */
export async function createResult(keys: ApiKeys, role: Role, user: string | undefined): Promise<CommandResult> {
  const created = await keys.create(role, userFor(role, user));
  const lines = [
    created.key,
    '',
    `key id  ${created.key_id}`,
    `role    ${role}${created.user_id === null ? '' : ` of user ${created.user_id}`}`,
    '',
    'Keep the key now: Orderlog stores its hash only and never shows it again.',
    'Send it as: Authorization: Bearer <key>',
  ];
  return { document: created, text: lines.join('\n'), exitCode: 0 };
}

function userFor(role: Role, user: string | undefined): string | null {
  if (role !== 'customer') {
    if (user === undefined) return null;
    throw new WrongUse(`--user belongs to the role customer, and the role is ${role}: leave it out`);
  }
  if (user === undefined) throw new WrongUse('a customer is a user: name it with --user');
  const userId = userIdOf(user);
  if (userId === null)
    throw new WrongUse('--user is no user id: it is a UUID, as the answer to the registration shows');
  return userId;
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
