import type { apart, Engine } from '../engine/index.js';

export type PrimaryTable = Parameters<Engine['exportTables']>[0][number];

export type TableImport = InstanceType<(typeof apart)['TableImport']>;

/** The tables while they are filled. */
export type Importing = Parameters<Parameters<TableImport['replace']>[1]>[0];

/**
 * The tables that hold primary data: what can't be made again, and so belongs in a backup. All others follow from the log. In the
 * order in which they are written and restored. Who adds a table of primary data adds it here.
 */
export const PRIMARY_TABLES: readonly PrimaryTable[] = [
  { name: 'log_identity' },
  { name: 'secrets' },
  { name: 'user_keys', holds: 'keys of users' },
  { name: 'id_sequences' },
  { name: 'skipped_events', holds: 'skipped events' },
  { name: 'seals' },
  { name: 'events', isLog: true, holds: 'events' },
];
