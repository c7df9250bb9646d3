import type { Position } from '../../src/core/event-store.js';
import type { Freshness, ReadModel } from '../../src/infra/projector/read-model.js';

/** Orders by the status they have now. */
export interface OrderCountsAnswer {
  readonly placed: number;
  readonly paid: number;
  readonly cancelled: number;
}

const ONE = 'select c.placed, c.paid, c.cancelled from {schema}.categories c where c.cat_id = $1::integer';

export class OrderCounts {
  constructor(readonly model: ReadModel) {}

  /** The counts of a category, null when there is no such category. @throws Refusal read-model-behind */
  async of(catId: number, freshness?: Freshness): Promise<{ position: Position; counts: OrderCountsAnswer | null }> {
    const { position, rows } = await this.model.query<OrderCountsAnswer>('order-counts-one', ONE, [catId], freshness);
    return { position, counts: rows[0] ?? null };
  }
}
