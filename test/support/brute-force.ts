import type { RecordedEvent } from '../../src/engine/core/message.js';

interface Order {
  readonly productIds: readonly number[];
  status: 'placed' | 'paid' | 'cancelled';
}

/** What every number means, straight from its definition: slow, and with nothing of the code that it is to judge. */
export class BruteForce {
  readonly parents = new Map<number, number | null>();
  readonly names = new Map<number, string>();
  /** Of the last event about the category. */
  readonly revisions = new Map<number, number>();
  readonly products = new Map<number, { catIds: readonly number[]; retired: boolean }>();
  readonly orders = new Map<string, Order>();

  apply({ type, data, revision }: RecordedEvent): void {
    const catId = data['cat_id'] as number;
    const product = this.products.get(data['product_id'] as number);
    const order = this.orders.get(data['order_id'] as string);
    if (type.startsWith('Category')) this.revisions.set(catId, revision);
    switch (type) {
      case 'CategoryAdded':
        this.names.set(catId, data['name'] as string);
        this.parents.set(catId, data['parent_cat_id'] as number | null);
        break;
      case 'CategoryRenamed':
        this.names.set(catId, data['name'] as string);
        break;
      case 'CategoryMoved':
        this.parents.set(catId, data['parent_cat_id'] as number | null);
        break;
      case 'CategoryRemoved':
        this.parents.delete(catId);
        break;
      case 'ProductAdded':
        this.products.set(data['product_id'] as number, { catIds: data['cat_ids'] as number[], retired: false });
        break;
      case 'ProductCategorised':
        if (product) product.catIds = data['cat_ids'] as number[];
        break;
      case 'ProductRetired':
        if (product) product.retired = true;
        break;
      case 'ProductReinstated':
        if (product) product.retired = false;
        break;
      case 'OrderPlaced': {
        const items = data['items'] as unknown as { product_id: number }[];
        this.orders.set(data['order_id'] as string, {
          productIds: items.map((item) => item.product_id),
          status: 'placed',
        });
        break;
      }
      case 'OrderPaid':
        if (order) order.status = 'paid';
        break;
      case 'OrderCancelled':
        if (order) order.status = 'cancelled';
        break;
    }
  }

  /** The category or a category below it, and not a removed one. */
  isWithin(catId: number, category: number): boolean {
    if (!this.parents.has(catId)) return false;
    const parent = this.parents.get(catId) ?? null;
    return catId === category || (parent !== null && this.isWithin(parent, category));
  }

  #standsIn(productId: number, category: number): boolean {
    return this.products.get(productId)?.catIds.some((catId) => this.isWithin(catId, category)) ?? false;
  }

  totalProducts(category: number): number {
    return [...this.products].filter(([id, { retired }]) => !retired && this.#standsIn(id, category)).length;
  }

  orderCounts(category: number): { placed: number; paid: number; cancelled: number } {
    const orders = [...this.orders.values()].filter((order) =>
      order.productIds.some((id) => this.#standsIn(id, category)),
    );
    const count = (status: string): number => orders.filter((order) => order.status === status).length;
    return { placed: count('placed'), paid: count('paid'), cancelled: count('cancelled') };
  }

  /** The tree of an answer. */
  tree(parent: number | null = null): unknown[] {
    const children = [...this.parents.keys()].filter((id) => this.parents.get(id) === parent).sort((a, b) => a - b);
    return children.map((id) => ({
      cat_id: id,
      name: this.names.get(id),
      total_products: this.totalProducts(id),
      child_categories: this.tree(id),
    }));
  }
}
