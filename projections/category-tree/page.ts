import type { live, Position } from '../../src/engine/index.js';
import type { Forest } from '../forest/forest.js';
import { beforePage, cachedForest } from '../forest/live-forest.js';
import type { Label, Step } from '../forest/tree.js';

export interface Category {
  readonly code: string | null;
  name: string;
  total: number;
  /** Of the tree's stream, at the last event about this category. */
  revision: number;
}

export interface Product {
  catIds: readonly number[];
  retired: boolean;
  /** As its row has it; null where there is none. */
  readonly before: Pick<Product, 'catIds' | 'retired'> | null;
  changed: boolean;
}

/** What a page works on: the whole tree, kept from page to page, and the products that its events are about. */
export class Page {
  readonly products = new Map<number, Product>();
  /** Categories whose rows have to be written or deleted. */
  readonly touched = new Set<number>();
  /** Position of the last event that changed what the tree shows. */
  revision: Position | null = null;

  constructor(
    readonly forest: Forest<Category>,
    /** The tree before the page, as far as products stand elsewhere in it. */
    readonly before: Forest<unknown>,
    /** Categories whose products may count elsewhere after the page, for the tree is another one. */
    readonly rearranged: readonly number[],
  ) {}

  add({ revision, position }: Step, id: number, parent: number | null, { name, code }: Label): void {
    this.forest.add(id, parent, { code, name, total: 0, revision });
    this.#treeChanged(id, position);
  }

  rename({ revision, position }: Step, id: number, name: string): void {
    Object.assign(this.#category(id), { name, revision });
    this.#treeChanged(id, position);
  }

  move({ revision, position }: Step, id: number, parent: number | null): void {
    this.#category(id).revision = revision;
    this.forest.move(id, parent);
    this.#treeChanged(id, position);
  }

  remove({ position }: Step, id: number): void {
    this.forest.remove(id);
    this.#treeChanged(id, position);
  }

  addProduct(step: Step, id: number, catIds: readonly number[]): void {
    this.products.set(id, { catIds: [], retired: false, before: null, changed: true });
    this.changeProduct(step, id, { catIds });
  }

  changeProduct({ position }: Step, id: number, change: Partial<Pick<Product, 'catIds' | 'retired'>>): void {
    const product = this.products.get(id);
    if (!product) throw new RangeError(`there is no product ${id}`);
    const before = this.countedIn(product);
    Object.assign(product, change, { changed: true });
    if (!sameNumbers(before, this.countedIn(product))) this.revision = position;
  }

  /** Ids of the categories that a product is counted in: those it stands in, and all above them. */
  countedIn(product: Pick<Product, 'catIds' | 'retired'>): number[] {
    return product.retired ? [] : this.forest.above(product.catIds).map((place) => place.id);
  }

  #category(id: number): Category {
    const place = this.forest.get(id);
    if (!place) throw new RangeError(`there is no category ${id}`);
    return place.value;
  }

  #treeChanged(id: number, position: Position): void {
    this.touched.add(id);
    this.revision = position;
  }
}

const TREE = {
  name: 'category-tree',
  columns: ['code', 'name', 'total_products as total', 'revision'],
  valueOf: ({ code, name, total, revision }: Category): Category => ({ code, name, total, revision }),
};

export async function open(
  events: readonly live.ProjectedEvent[],
  db: live.ProjectionDb,
  cache: live.ProjectionCache,
): Promise<Page> {
  const forest = await cachedForest(TREE, db, cache);
  const { products, categories } = named(events);
  const { before, rearranged } = await beforePage('category-tree', forest, categories, db);
  const page = new Page(forest, before, rearranged);
  const rows = await db.query<{ product_id: number; cat_ids: number[]; retired: boolean }>(
    'category-tree-products',
    'select product_id, cat_ids, retired from {schema}.products where product_id = any($1::int[])',
    [products],
  );
  for (const { product_id, cat_ids, retired } of rows) {
    const product = { catIds: cat_ids, retired };
    page.products.set(product_id, { ...product, before: product, changed: false });
  }
  return page;
}

/** A new name moves no product: renaming a root must not load everything below it. */
function named(events: readonly live.ProjectedEvent[]): { products: number[]; categories: number[] } {
  const products = new Set<number>();
  const categories = new Set<number>();
  for (const { type, data } of events) {
    if ('product_id' in data) products.add(data.product_id as number);
    if ('cat_id' in data && type !== 'CategoryRenamed') categories.add(data.cat_id as number);
  }
  return { products: [...products], categories: [...categories] };
}

function sameNumbers(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return false;
  const set = new Set(one);
  return other.every((number) => set.has(number));
}
