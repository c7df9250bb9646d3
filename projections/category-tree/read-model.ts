import type { CategoryAnswer } from '../../src/category/answer.js';
import { type Freshness, type Position, type ReadModel, START } from '../../src/engine/index.js';
import type { PreparedAnswer } from '../../src/http/prepared-answer.js';
import { TreeDocument, type TreeRow } from './tree-document.js';

export interface TreeOptions {
  /** This category alone, with what is below it; all roots if null or left out. */
  readonly root?: number | null | undefined;
  /** How many levels, from 1; all if null or left out. */
  readonly depth?: number | null | undefined;
}

/** The tree as it was read at a position. */
interface ReadTree {
  readonly position: Position;
  /** The build that it was read from: another one may have other rows at the same revision. */
  readonly builds: string;
  readonly document: TreeDocument;
}

/** Trees of the past that are kept as they are sent. */
const KEPT_DOCUMENTS = 4;

const REVISION = 'select d.revision from {schema}.document d';

const ALL = `select d.revision, c.cat_id, c.parent_cat_id, c.name, c.total_products
  from {schema}.document d left join {schema}.categories c on true`;

const ONE = `select c.cat_id, c.code, c.name, c.parent_cat_id, c.total_products, c.revision
  from {schema}.categories c where c.cat_id = $1::integer`;

const EACH = `select c.cat_id, c.code, c.name, c.parent_cat_id, c.total_products, c.revision
  from {schema}.categories c order by c.cat_id`;

const SUBTREE = `with recursive subtree as (
    select c.cat_id from {schema}.categories c where c.cat_id = $1::integer
    union all
    select c.cat_id from {schema}.categories c join subtree on c.parent_cat_id = subtree.cat_id
  )
  select subtree.cat_id from subtree`;

/** Every answer names the position that it is true for. All throw Refusal `read-model-behind`. */
export class CategoryTree {
  #latest: ReadTree | null = null;
  #reading: Promise<ReadTree> | null = null;
  /** By as-of build and revision, which say all that a tree shows. */
  readonly #earlier = new Map<string, Promise<TreeDocument>>();

  constructor(readonly model: ReadModel) {}

  /** The tree, or a part of it, ready to be sent; null when there is no category `root`. */
  async tree(
    { root = null, depth = null }: TreeOptions,
    freshness?: Freshness,
  ): Promise<{ position: Position; answer: PreparedAnswer | null }> {
    const found = await this.model.query<{ revision: Position }>('tree-revision', REVISION, [], freshness);
    const { position, builds } = found;
    const revision = found.rows[0]?.revision ?? START;
    if (freshness?.at !== undefined) {
      const document = await this.#asOf(`${builds} ${revision}`, freshness);
      return { position, answer: await document.answer(root, depth) };
    }
    const read = await this.#atLeast(revision, builds);
    const answer = await read.document.answer(root, depth);
    // Either the tree is the same at both positions, or it was read at the later one.
    return { position: read.position > position ? read.position : position, answer };
  }

  async category(
    catId: number,
    freshness?: Freshness,
  ): Promise<{ position: Position; category: CategoryAnswer | null }> {
    const { position, rows } = await this.model.query<CategoryAnswer>('tree-category', ONE, [catId], freshness);
    return { position, category: rows[0] ?? null };
  }

  /** All categories by cat_id, without their places in the tree. */
  async all(freshness?: Freshness): Promise<{ position: Position; categories: CategoryAnswer[] }> {
    const { position, rows } = await this.model.query<CategoryAnswer>('tree-each', EACH, [], freshness);
    return { position, categories: rows };
  }

  /** The category and all that are below it, in no order; null when there is no such category. */
  async subtree(catId: number, freshness?: Freshness): Promise<{ position: Position; catIds: number[] | null }> {
    const { position, rows } = await this.model.query<{ cat_id: number }>('tree-subtree', SUBTREE, [catId], freshness);
    return { position, catIds: rows.length > 0 ? rows.map((row) => row.cat_id) : null };
  }

  /** The tree of just this build and revision. */
  #asOf(key: string, freshness: Freshness): Promise<TreeDocument> {
    const known = this.#earlier.get(key);
    if (known) return known;
    const reading = this.#read(freshness).then(({ document }) => document);
    this.#earlier.set(key, reading);
    reading.catch(() => this.#earlier.delete(key));
    for (const oldest of [...this.#earlier.keys()].slice(0, -KEPT_DOCUMENTS)) this.#earlier.delete(oldest);
    return reading;
  }

  /** The tree of this build, at this revision or a later one, read at most once a change for all callers. */
  async #atLeast(revision: Position, builds: string): Promise<ReadTree> {
    const isIt = (one: ReadTree | null): one is ReadTree =>
      one !== null && one.builds === builds && one.document.revision >= revision;
    if (isIt(this.#latest)) return this.#latest;
    // A reading under way may have begun before that revision or build; the one after it has not.
    const joined = await this.#reading;
    if (isIt(joined)) return joined;
    return (this.#reading ??= this.#readLatest().finally(() => (this.#reading = null)));
  }

  async #readLatest(): Promise<ReadTree> {
    return (this.#latest = await this.#read());
  }

  async #read(freshness?: Freshness): Promise<ReadTree> {
    const found = await this.model.query<TreeRow & { revision: Position }>('tree-all', ALL, [], freshness);
    const { position, builds, rows } = found;
    const categories = rows.filter((row) => row.cat_id !== null);
    return { position, builds, document: new TreeDocument(rows[0]?.revision ?? START, categories) };
  }
}
