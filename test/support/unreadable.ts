/** Events that this code can't read, each in another way, in the stream of an order. */
import { randomUUID } from 'node:crypto';
import type { JsonObject, NewEvent } from '../../src/engine/core/message.js';
import type { RunningApp } from './running-app.js';

export const METADATA: JsonObject = {
  schema_version: 1,
  command_id: 'command-1',
  fingerprint: 'f',
  correlation_id: 'correlation-1',
  causation_id: 'command-1',
  actor: { kind: 'clerk', id: 'key-1' },
};

export function event(type: string, data: JsonObject, metadata: JsonObject = METADATA): NewEvent {
  return { id: randomUUID(), type, data, metadata };
}

export interface Mixed {
  readonly orderId: string;
  readonly stream: string;
  /** Sealed with the user's own key, and readable where it belongs. */
  readonly sealed: string;
}

/** Revision 0 and 5 can be read, 1 to 4 and 6 can't. */
export async function orderOfMixedEvents(shop: RunningApp): Promise<Mixed> {
  const { user_id } = await shop.registerUser();
  const { order_id } = await shop.placeOrder(user_id, [1]);
  const { store, vault } = shop.runtime.handler;
  const stream = `order-${order_id}`;
  const sealed = await vault.seal(user_id, { stream, field: 'note', eventId: randomUUID() }, 'ring twice');
  const ids = { order_id, user_id };
  const now = new Date().toISOString();
  const paid = { ...ids, reference: null, paid_at: now };
  await store.append(
    stream,
    [
      event('OrderShipped', { ...ids, carrier: 'by sea', notes: [{ by: 'ship', text: sealed }] }),
      event('OrderPaid', { ...paid, reference: 'told in the clear', amount: 7 }),
      event('OrderPaid', paid, { ...METADATA, schema_version: 3 }),
      event('OrderPaid', paid, { actor: { kind: 'clerk', id: null }, command_id: 'command-2' }),
      event('OrderPaid', paid),
      event('OrderCancelled', { ...ids, reason: sealed, cancelled_at: now }),
    ],
    0,
  );
  return { orderId: order_id, stream, sealed };
}
