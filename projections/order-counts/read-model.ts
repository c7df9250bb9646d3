import type { Freshness, ReadModel, Standing } from '../../src/engine/index.js';

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
  async of(catId: number, freshness?: Freshness): Promise<Standing & { counts: OrderCountsAnswer | null }> {
    const { rows, ...standing } = await this.model.query<OrderCountsAnswer>(
      'order-counts-one',
      ONE,
      [catId],
      freshness,
    );
    return { ...standing, counts: rows[0] ?? null };
  }
}
