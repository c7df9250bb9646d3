/** A sealed log in tests, and the keys that sign it. */
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { signingKeyOf } from '../../../src/crypto/signing-key.js';
import type { EventStore } from '../../../src/engine/core/event-store.js';
import type { JsonObject, NewEvent } from '../../../src/engine/core/message.js';
import type { SealFindings } from '../../../src/engine/sealing/check.js';
import type { Signer } from '../../../src/engine/sealing/seal.js';
import { Seals, type SealsOptions } from '../../../src/engine/sealing/seals.js';

const LOG_ID = '11111111-1111-4111-8111-111111111111';

const nothing = (): void => undefined;
export const quiet = { info: nothing, warn: nothing, error: nothing };
export const work = {
  signal: new AbortController().signal,
  progress: { start: nothing, advance: nothing, stop: nothing },
};

export function newSigner(): Signer {
  return signingKeyOf(createSecretKey(randomBytes(32)));
}

export function sealsOf(
  pool: pg.Pool,
  store: EventStore,
  options: Partial<SealsOptions> & Pick<SealsOptions, 'signer'>,
): Seals {
  return new Seals({ pool, store, logId: LOG_ID, categories: ['book', 'reader'], log: quiet, ...options });
}

export function compared(seals: Seals, line?: string): Promise<SealFindings> {
  return seals.compare(line === undefined ? {} : { line }, work);
}

export async function findings(seals: Seals, line?: string): Promise<readonly string[]> {
  return (await compared(seals, line)).findings;
}

export function newEvent(data: JsonObject, type = 'Counted'): NewEvent {
  return { id: randomUUID(), type, data, metadata: { schema_version: 1, actor: { kind: 'clerk', id: null } } };
}

/** So many events in streams of ten each. */
export async function fill(store: EventStore, from: number, to: number): Promise<void> {
  for (let stream = from; stream < to; stream += 10) {
    const events = Array.from({ length: Math.min(10, to - stream) }, (_, i) => newEvent({ n: stream + i, note: null }));
    await store.append(`book-${stream}`, events, 'none');
  }
}
