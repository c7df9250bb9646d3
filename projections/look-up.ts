import type pg from 'pg';
import { Refusal } from '../src/engine/core/errors.js';
import { type Position, START } from '../src/engine/core/event-store.js';
import type { CheckpointWatch } from '../src/engine/projecting/watch.js';
import { isUndefinedTable } from '../src/engine/postgres/errors.js';
import { gather } from '../src/engine/postgres/gather.js';
import { currentBuild } from '../src/engine/builds/registry.js';
import { schemaName } from '../src/engine/projecting/projection.js';
import type { Freshness } from '../src/engine/projecting/read-model.js';
import { products as productsModel } from './products/projection.js';
import { users as usersModel } from './users/projection.js';

/** Who wants to order. */
export interface FoundUser {
  readonly status: 'active' | 'erased';
  readonly hasIdProof: boolean;
}

export interface FoundProduct {
  readonly sku: string;
  readonly name: string;
  /** Minor units of the currency. */
  readonly price: number;
  readonly currency: string;
  readonly status: 'active' | 'retired';
}

/**
 * What the read models know. A miss says only that they did not know at `position`: the stream settles it. So is a user who waits in
 * quarantine one: the event that waits may be the erasure. Of products nothing waits.
 */
export interface Found {
  readonly user: FoundUser | null;
  /** Those of the products that are known, by id. */
  readonly products: ReadonlyMap<number, FoundProduct>;
  /** Both models have got here. */
  readonly position: Position;
}

interface Wanted {
  readonly userId: string;
  readonly productIds: readonly number[];
}

interface Row {
  readonly users: readonly {
    readonly user_id: string;
    readonly status: FoundUser['status'];
    readonly proven: boolean;
  }[];
  readonly products: readonly (FoundProduct & { readonly product_id: number })[];
  /** Null where a checkpoint is missing. */
  readonly position: Position | null;
  /** The builds that were to be read at the moment of the snapshot. */
  readonly builds: Builds;
}

/** The number of a build of each of the models, in their order; null where there is none. */
type Builds = readonly [users: number | null, products: number | null];

const BEHIND = 'The read models of users and products have not got that far.';

const MODELS = [usersModel, productsModel] as const;

const CURRENT = `json_build_array(${MODELS.map(currentBuild).join(', ')})`;
/** Switches that one look-up can fall into; more of them in a row are no switches. */
const MOST_TRIES = 5;

/** One statement is one snapshot: of both models, of how far they are, and of which builds are read. */
function lookUpText(users: number, products: number): string {
  const checkpoints = [`('${usersModel.name}', ${users})`, `('${productsModel.name}', ${products})`];
  return `
  select ${CURRENT} as builds,
    (select coalesce(json_agg(json_build_object(
       'user_id', u.user_id, 'status', u.status, 'proven', u.id_proof is not null)), '[]')
     from ${schemaName(usersModel.name, users)}.users u where u.user_id = any($1::uuid[]) and not exists (
       select from orderlog.quarantine q
       where q.model = '${usersModel.name}' and q.build = ${users} and q.stream = 'user-' || u.user_id)) as users,
    (select coalesce(json_agg(json_build_object(
       'product_id', p.product_id, 'sku', p.sku, 'name', p.name, 'price', p.price, 'currency', p.currency,
       'status', p.status)), '[]')
     from ${schemaName(productsModel.name, products)}.products p
     where p.product_id = any($2::integer[])) as products,
    (select min(c.position) from orderlog.checkpoints c
     where (c.model, c.version) in (${checkpoints.join(', ')})
    ) as position`;
}

/** While one is under way, orders gather for the next: fewer and larger queries cost less than they take longer. */
const QUERIES_AT_ONCE = 1;

/** What PlaceOrder must know of its user and its products. Orders that arrive at the same moment share one query. */
export class LookUp {
  readonly #find: (wanted: Wanted) => Promise<Found>;
  /** Those that were read last, at first those of a fresh installation; whether they still are, each answer tells. */
  #builds: Builds = [1, 1];

  constructor(
    readonly pool: pg.Pool,
    readonly watch: CheckpointWatch,
  ) {
    this.#find = gather(
      (wanted) => this.#findAll(wanted),
      QUERIES_AT_ONCE,
      ({ productIds }) => productIds.length,
    );
  }

  /** @throws Refusal read-model-behind when the models do not get to `freshness.min` in time */
  async find(userId: string, productIds: readonly number[], freshness?: Freshness): Promise<Found> {
    const wanted = { userId, productIds };
    let found = await this.#find(wanted);
    const min = freshness?.min ?? null;
    if (!freshness || min === null) return found;
    const deadline = Date.now() + freshness.waitMs;
    while (found.position < min) {
      const left = deadline - Date.now();
      const again = left > 0 && (await this.#wait(min, left));
      if (again) found = await this.#find(wanted);
      else if (freshness.lenient) return found;
      else throw new Refusal('read-model-behind', BEHIND);
    }
    return found;
  }

  /** True when both have got there, or are read from other builds now: then it has to be looked again. */
  async #wait(min: Position, ms: number): Promise<boolean> {
    const reached = await Promise.all(
      MODELS.map(({ name }, i) => this.watch.waitFor(name, this.#builds[i] ?? 0, min, ms)),
    );
    return reached.every(Boolean);
  }

  async #findAll(wanted: readonly Wanted[]): Promise<Found[]> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const asked = this.#builds;
      const [users, products] = asked;
      // A read model that is only being made knows nothing yet: the streams settle it.
      const row = users === null || products === null ? null : await this.#query(users, products, wanted);
      const builds = row?.builds ?? (await this.#look());
      this.#builds = builds;
      if (row && same(builds, asked)) return foundIn(row, wanted);
      if (builds.includes(null)) break;
    }
    return foundIn({ users: [], products: [], position: null }, wanted);
  }

  /** Null: a build that is not there, or not any more. */
  async #query(users: number, products: number, wanted: readonly Wanted[]): Promise<Row | null> {
    const userIds = new Set(wanted.map(({ userId }) => userId));
    const productIds = new Set(wanted.flatMap((one) => one.productIds));
    const text = lookUpText(users, products);
    const statement = { name: `look-up-${users}-${products}`, text, values: [[...userIds], [...productIds]] };
    try {
      return (await this.pool.query<Row>(statement)).rows[0] ?? null;
    } catch (error) {
      if (isUndefinedTable(error)) return null;
      throw error;
    }
  }

  async #look(): Promise<Builds> {
    const { rows } = await this.pool.query<{ builds: Builds }>(`select ${CURRENT} as builds`);
    return rows[0]?.builds ?? [null, null];
  }
}

function foundIn(row: Omit<Row, 'builds'>, wanted: readonly Wanted[]): Found[] {
  const users = new Map(row.users.map(({ user_id, status, proven }) => [user_id, { status, hasIdProof: proven }]));
  const products = new Map(row.products.map(({ product_id, ...product }) => [product_id, product]));
  return wanted.map((one) => ({
    user: users.get(one.userId) ?? null,
    products: new Map(one.productIds.flatMap((id) => pair(id, products.get(id)))),
    position: row.position ?? START,
  }));
}

function pair<T>(id: number, found: T | undefined): [number, T][] {
  return found === undefined ? [] : [[id, found]];
}

function same(one: Builds, other: Builds): boolean {
  return one[0] === other[0] && one[1] === other[1];
}
