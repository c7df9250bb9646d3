import { type Sealed, streamName, type Vault } from '../../src/engine/index.js';
import { answerOrder, type OrderAnswer } from '../../src/order/answer.js';
import type { OrderRow, StoredHistoryEntry } from './projection.js';

/** Shapes a stored order and opens what is sealed in it. */
export async function orderAnswer(row: OrderRow, vault: Vault): Promise<OrderAnswer> {
  const history = await Promise.all(row.history.map((entry) => historyEntry(entry, row, vault)));
  return answerOrder({ ...row, history }, row.revision);
}

async function historyEntry(
  stored: StoredHistoryEntry,
  row: OrderRow,
  vault: Vault,
): Promise<OrderAnswer['history'][number]> {
  const { status, at, by } = stored;
  const clear = async (field: 'reason' | 'reference', sealed: Sealed | undefined): Promise<string | null> =>
    sealed === undefined ? null : vault.open(row.user_id, { stream: streamName('order', row.order_id), field }, sealed);
  const reason = await clear('reason', stored.reason);
  const reference = await clear('reference', stored.reference);
  return { status, at, by, ...(reason === null ? {} : { reason }), ...(reference === null ? {} : { reference }) };
}
