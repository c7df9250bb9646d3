/** Seals a log in the background until it is killed. */
import { createSecretKey } from 'node:crypto';
import type pg from 'pg';
import { signingKeyOf } from '../../../src/crypto/signing-key.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import type { Signer } from '../../../src/engine/sealing/seal.js';
import { sealsOf } from './sealing.js';

export function signerOf(seed: string): Signer {
  return signingKeyOf(createSecretKey(Buffer.from(seed, 'hex')));
}

const [, script = '', settings, seed] = process.argv;
if (script.endsWith('sealing-process.js') && settings && seed) {
  const config = JSON.parse(settings) as pg.PoolConfig;
  const pool = createPool(config, { max: 3, applicationName: 'orderlog-test' });
  const store = new PostgresEventStore(pool, config);
  await sealsOf(pool, store, { signer: signerOf(seed) }).follow(new AbortController().signal);
}
