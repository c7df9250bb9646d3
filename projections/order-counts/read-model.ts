import { type Freshness, postgres, type ReadModel, Refusal, type Standing } from '../../src/engine/index.js';

/** Orders by the status they have now. */
export interface OrderCountsAnswer {
  readonly placed: number;
  readonly paid: number;
  readonly cancelled: number;
}

const ONE = 'select c.placed, c.paid, c.cancelled from {schema}.categories c where c.cat_id = $1::integer';

const ALL = `select coalesce(sum(t.orders) filter (where t.status = 'placed'), 0)::bigint as placed,
    coalesce(sum(t.orders) filter (where t.status = 'paid'), 0)::bigint as paid,
    coalesce(sum(t.orders) filter (where t.status = 'cancelled'), 0)::bigint as cancelled
  from {schema}.totals t`;

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

  /** The counts of all orders, whatever category they are in. @throws Refusal read-model-behind */
  async all(freshness?: Freshness): Promise<Standing & { counts: OrderCountsAnswer }> {
    try {
      const { rows, ...standing } = await this.model.query<OrderCountsAnswer>('order-counts-all', ALL, [], freshness);
      return { ...standing, counts: rows[0] as OrderCountsAnswer };
    } catch (error) {
      if (!postgres.isUndefinedTable(error)) throw error;
      throw new Refusal('read-model-behind', 'The read model of order counts is still being built for this release.');
    }
  }
}
