import { type Sealed, streamName, type Vault } from '../../src/engine/index.js';
import { answerOrder, type OrderAnswer } from '../../src/order/answer.js';
import type { OrderRow, StoredHistoryEntry } from './orders-table.js';

/** Shapes a stored order and opens what is sealed in it. */
export async function orderAnswer(row: OrderRow, vault: Vault): Promise<OrderAnswer> {
  const [external_reference, ...history] = await Promise.all([
    open(row, vault, 'external_reference', row.external_reference),
    ...row.history.map((entry) => historyEntry(entry, row, vault)),
  ]);
  return answerOrder({ ...row, external_reference, history }, row.revision);
}

async function historyEntry(
  stored: StoredHistoryEntry,
  row: OrderRow,
  vault: Vault,
): Promise<OrderAnswer['history'][number]> {
  const { status, at, by } = stored;
  const reason = await open(row, vault, 'reason', stored.reason ?? null);
  const reference = await open(row, vault, 'reference', stored.reference ?? null);
  return { status, at, by, ...(reason === null ? {} : { reason }), ...(reference === null ? {} : { reference }) };
}

async function open(row: OrderRow, vault: Vault, field: string, sealed: Sealed | null): Promise<string | null> {
  return sealed === null ? null : vault.open(row.user_id, { stream: streamName('order', row.order_id), field }, sealed);
}
