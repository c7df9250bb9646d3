import { randomUUID } from 'node:crypto';
import { StreamAccess } from '../../src/engine/core/stream-access.js';
import { userStream } from '../../src/user/stream.js';
import type { RunningApp } from './running-app.js';

const BATCH = 500;

/** A user whose details were changed again and again, until there are so many events; each one's name is its revision. */
export async function userWithHistory(shop: RunningApp, events: number): Promise<string> {
  const { user_id } = await shop.registerUser({ name: '0' });
  const { store, vault } = shop.runtime.handler;
  const streams = new StreamAccess(store, vault);
  const changed_at = new Date().toISOString();
  let loaded = await streams.load(userStream, user_id);
  while (loaded.revision < events - 1) {
    const first = loaded.revision + 1;
    const facts = Array.from({ length: Math.min(BATCH, events - first) }, (_, i) => ({
      type: 'UserDetailsChanged' as const,
      data: { user_id, name: String(first + i), email: 'ada@shop.test', email_hash: '', changed_at },
    }));
    const context = {
      ...{ commandId: randomUUID(), fingerprint: '', correlationId: randomUUID(), keyed: false },
      ...{ actor: { kind: 'user', id: user_id }, now: changed_at, eventId: () => randomUUID() },
    };
    loaded = { ...loaded, ...(await streams.append(userStream, user_id, loaded, facts, context)) };
  }
  return user_id;
}
