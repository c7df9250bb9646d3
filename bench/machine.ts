/** What the figures were measured on. */
import { spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import type { Shop } from './shop.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly node: string;
  readonly commit: string;
  /** Of the database, durability included; null where no row has started one. */
  readonly postgres: Readonly<Record<string, string>> | null;
}

const SETTINGS = ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers'];

export async function machineOf(shop: Shop | null, root: string): Promise<Machine> {
  const git = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' });
  const rows = await shop?.query<{ name: string; setting: string }>(
    'orderlog',
    'SELECT name, current_setting(name) AS setting FROM unnest($1::text[]) name',
    [SETTINGS],
  );
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 1024 ** 3),
    node: process.versions.node,
    commit: git.stdout.trim(),
    postgres: rows ? Object.fromEntries(rows.map(({ name, setting }) => [name, setting])) : null,
  };
}
