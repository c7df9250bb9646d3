import fc from 'fast-check';
import { categoryEvents } from '../../src/category/events.js';
import { productEvents } from '../../src/product/events.js';
import type { TestLog } from './project.js';

/** What happens, with numbers that choose among what is there at that moment. */
export interface Operation {
  readonly kind: (typeof KINDS)[number];
  readonly one: number;
  readonly other: number;
  readonly many: readonly number[];
}

const KINDS = [
  'add-category',
  'add-category',
  'move-category',
  'remove-category',
  'add-product',
  'add-product',
  'rename',
  'price',
  'categorise',
  'retire',
  'reinstate',
  'abandon',
] as const;

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom(...KINDS),
  one: fc.nat(1000),
  other: fc.nat(1000),
  many: fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }),
});

export const operations: fc.Arbitrary<Operation[]> = fc.array(operation, { minLength: 1, maxLength: 60, size: 'max' });

interface PlainProduct {
  product_id: number;
  sku: string;
  name: string;
  price: number;
  currency: string;
  cat_ids: number[];
  status: 'active' | 'retired';
  revision: number;
}

const at = '2026-01-02T03:04:05.678Z';

/** A catalog in plain arrays, by plain definitions; records in the log whatever happens to it. */
export class PlainCatalog {
  readonly parents = new Map<number, number | null>();
  readonly removed: number[] = [];
  readonly products: PlainProduct[] = [];

  constructor(readonly log: TestLog) {}

  /** Carries the operation out, if it is possible now. */
  carryOut({ kind, one, other, many }: Operation): void {
    const live = this.liveCategories();
    const cat = pick(live, one);
    const parent = other % 3 === 0 ? null : (pick(live, other) ?? null);
    if (kind === 'add-category') this.#addCategory(parent);
    else if (kind === 'move-category' && cat !== undefined) this.#move(cat, parent);
    else if (kind === 'remove-category' && cat !== undefined) this.#remove(cat);
    else if (kind === 'add-product') this.#addProduct(this.#anyCategories(many));
    else {
      const product = pick(this.products, one);
      if (product) this.#change(product, kind, other, this.#anyCategories(many));
    }
  }

  liveCategories(): number[] {
    return [...this.parents.keys()];
  }

  /** The products of a status, by id, of their categories only the live ones; if so asked, only those below a category. */
  list(status: 'active' | 'retired', catId?: number): (PlainProduct & { available: null })[] {
    return this.products
      .filter((product) => product.status === status && (catId === undefined || this.#isBelow(product, catId)))
      .sort((a, b) => a.product_id - b.product_id)
      .map((product) => ({
        ...product,
        cat_ids: product.cat_ids.filter((id) => this.parents.has(id)),
        available: null,
      }));
  }

  standsBelow(catId: number): boolean {
    return this.products.some((product) => this.#isBelow(product, catId));
  }

  #isBelow(product: PlainProduct, catId: number): boolean {
    return product.cat_ids.some((id) => this.parents.has(id) && this.#path(id).includes(catId));
  }

  #path(catId: number): number[] {
    const parent = this.parents.get(catId);
    return parent === undefined || parent === null ? [catId] : [catId, ...this.#path(parent)];
  }

  /** Removed ones too: a product may enter a category at the moment when that is removed. */
  #anyCategories(many: readonly number[]): number[] {
    const all = [...this.parents.keys(), ...this.removed];
    return [...new Set(many.flatMap((choice) => pick(all, choice) ?? []))];
  }

  #addCategory(parent_cat_id: number | null): void {
    const cat_id = this.parents.size + this.removed.length + 1;
    this.parents.set(cat_id, parent_cat_id);
    const data = { cat_id, code: null, name: `category ${cat_id}`, parent_cat_id, added_at: at };
    this.log.add('categoryTree-main', categoryEvents.CategoryAdded, data);
  }

  #move(cat_id: number, parent_cat_id: number | null): void {
    if (parent_cat_id !== null && this.#path(parent_cat_id).includes(cat_id)) return;
    this.parents.set(cat_id, parent_cat_id);
    this.log.add('categoryTree-main', categoryEvents.CategoryMoved, { cat_id, parent_cat_id, moved_at: at });
  }

  #remove(cat_id: number): void {
    if ([...this.parents.values()].includes(cat_id)) return;
    this.parents.delete(cat_id);
    this.removed.push(cat_id);
    this.log.add('categoryTree-main', categoryEvents.CategoryRemoved, { cat_id, removed_at: at });
  }

  #addProduct(cat_ids: number[]): void {
    if (cat_ids.length === 0) return;
    // Not in the order of their ids.
    const product_id = 1000 - this.products.length * 7;
    const product = { product_id, sku: `S${product_id}`, name: 'new', price: 100, currency: 'EUR', cat_ids };
    this.products.push({ ...product, status: 'active', revision: 0 });
    this.log.add(`product-${product_id}`, productEvents.ProductAdded, { ...product, added_at: at });
  }

  #change(product: PlainProduct, kind: Operation['kind'], choice: number, cat_ids: number[]): void {
    if (kind === 'categorise' && cat_ids.length === 0) return;
    const { product_id } = product;
    const stream = `product-${product_id}`;
    if (kind === 'rename') {
      product.name = `name ${choice}`;
      this.log.add(stream, productEvents.ProductRenamed, { product_id, name: product.name, renamed_at: at });
    } else if (kind === 'price') {
      product.price = choice;
      this.log.add(stream, productEvents.ProductPriced, { product_id, price: choice, priced_at: at });
    } else if (kind === 'categorise') {
      product.cat_ids = cat_ids;
      this.log.add(stream, productEvents.ProductCategorised, { product_id, cat_ids, categorised_at: at });
    } else if (kind === 'retire') {
      product.status = 'retired';
      this.log.add(stream, productEvents.ProductRetired, { product_id, retired_at: at });
    } else if (kind === 'reinstate') {
      product.status = 'active';
      this.log.add(stream, productEvents.ProductReinstated, { product_id, reinstated_at: at });
    } else {
      this.log.add(stream, productEvents.ClaimAbandoned, { claim_stream: 'productSku-S', claim_revision: 0 });
    }
    product.revision += 1;
  }
}

function pick<T>(from: readonly T[], choice: number): T | undefined {
  return from[choice % Math.max(from.length, 1)];
}
