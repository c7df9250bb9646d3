import pg from 'pg';
import { Refusal } from '../src/core/errors.js';
import { type Position, START } from '../src/core/event-store.js';
import type { CheckpointWatch } from '../src/infra/projector/checkpoint-watch.js';
import { gather } from '../src/infra/postgres/gather.js';
import { schemaName } from '../src/infra/projector/projection.js';
import type { Freshness } from '../src/infra/projector/read-model.js';
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

/** What the read models know. A miss says only that they did not know at `position`: the stream settles it. */
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
}

const BEHIND = 'The read models of users and products have not got that far.';

const MODELS = [usersModel, productsModel] as const;

/** One statement is one snapshot: of both models, and of how far they are. */
const LOOK_UP = `
  select
    (select coalesce(json_agg(json_build_object(
       'user_id', u.user_id, 'status', u.status, 'proven', u.id_proof is not null)), '[]')
     from ${schemaName(usersModel.name, usersModel.version)}.users u where u.user_id = any($1::uuid[])) as users,
    (select coalesce(json_agg(json_build_object(
       'product_id', p.product_id, 'sku', p.sku, 'name', p.name, 'price', p.price, 'currency', p.currency,
       'status', p.status)), '[]')
     from ${schemaName(productsModel.name, productsModel.version)}.products p
     where p.product_id = any($2::integer[])) as products,
    (select min(c.position) from orderlog.checkpoints c
     where (c.model, c.version) in (${MODELS.map(({ name, version }) => `('${name}', ${version})`).join(', ')})
    ) as position`;

/** While one is under way, orders gather for the next: fewer and larger queries cost less than they take longer. */
const QUERIES_AT_ONCE = 1;

/** What PlaceOrder must know of its user and its products. Orders that arrive at the same moment share one query. */
export class LookUp {
  readonly #find: (wanted: Wanted) => Promise<Found>;

  constructor(
    readonly pool: pg.Pool,
    readonly watch: CheckpointWatch,
  ) {
    this.#find = gather((wanted) => findAll(pool, wanted), QUERIES_AT_ONCE);
  }

  /** @throws Refusal read-model-behind when the models do not get to `freshness.min` in time */
  async find(userId: string, productIds: readonly number[], freshness?: Freshness): Promise<Found> {
    const wanted = { userId, productIds };
    const found = await this.#find(wanted);
    const min = freshness?.min ?? null;
    if (!freshness || min === null || found.position >= min) return found;
    const reached = await Promise.all(
      MODELS.map(({ name, version }) => this.watch.waitFor(name, version, min, freshness.waitMs)),
    );
    const later = reached.every(Boolean) ? await this.#find(wanted) : found;
    if (later.position >= min || freshness.lenient) return later;
    throw new Refusal('read-model-behind', BEHIND);
  }
}

async function findAll(pool: pg.Pool, wanted: readonly Wanted[]): Promise<Found[]> {
  const userIds = new Set(wanted.map(({ userId }) => userId));
  const productIds = new Set(wanted.flatMap((one) => one.productIds));
  const statement = { name: 'look-up', text: LOOK_UP, values: [[...userIds], [...productIds]] };
  const { rows } = await pool.query<Row>(statement).catch((error: unknown) => {
    // A read model that is only being made knows nothing yet: the streams settle it.
    if (isUndefinedTable(error)) return { rows: [{ users: [], products: [], position: null }] };
    throw error;
  });
  const [row] = rows as [Row];
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

function isUndefinedTable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '42P01';
}
