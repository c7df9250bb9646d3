import t from 'tap';
import { categoryTree } from '../../projections/category-tree/projection.js';
import { orderCounts } from '../../projections/order-counts/projection.js';
import { products } from '../../projections/products/projection.js';
import { categoryEvents } from '../../src/category/events.js';
import { type Miscounted } from '../../src/engine/builds/bulk.js';
import { recount } from '../../src/engine/builds/finish.js';
import type { ProjectionDb } from '../../src/engine/projecting/page-part.js';
import type { AnyProjection, Projection } from '../../src/engine/projecting/projection.js';
import { productEvents } from '../../src/product/events.js';
import { testDatabase } from '../support/database.js';
import { ProjectionUnderTest, TestLog } from '../support/project.js';

const { pool } = await testDatabase(t);

/** 4 is moved from below 2 to below 3 and back; its leaves are 10 to 19. */
const [FROM, TO, MOVED, LEAF] = [2, 3, 4, 10];
const PRODUCTS = 30_000;
const ORDERS = 10_000;
/** Elements of one parameter, and rows of one answer: far below what is moved. */
const MOST_PARAMETERS = 21_000;
const MOST_ROWS = 1_000;

const TREE = `values (1, null), (2, 1), (3, 1), (4, 2), ${Array.from({ length: 10 }, (_, i) => `(${LEAF + i}, 4)`).join(', ')}`;
/** Each in a leaf, each tenth in another one as well, each hundredth in the target of the move. */
const CAT_IDS = `case when n % 100 = 0 then array[10 + n % 7, ${TO}] when n % 10 = 0 then array[10, 11 + n % 8] else array[10 + n % 10] end`;
const SERIES = `generate_series(1, ${PRODUCTS}) as g (n)`;

const filling: Readonly<Record<string, string>> = {
  'category-tree': `
    insert into {schema}.categories (cat_id, parent_cat_id, name, total_products, revision)
      select id, parent::integer, 'c', 0, 0 from (${TREE}) as tree (id, parent);
    insert into {schema}.products select n, ${CAT_IDS}, n % 50 = 0 from ${SERIES};`,
  'order-counts': `
    insert into {schema}.categories (cat_id, parent_cat_id) select id, parent::integer from (${TREE}) as tree (id, parent);
    insert into {schema}.products select n, ${CAT_IDS} from ${SERIES};
    insert into {schema}.orders select gen_random_uuid(), (array['placed', 'paid', 'cancelled'])[1 + n % 3],
      array[n, n + ${ORDERS}, n + ${2 * ORDERS}] from generate_series(1, ${ORDERS}) as g (n);
    insert into {schema}.totals select status, count(*) from {schema}.orders group by status;`,
  products: `
    insert into {schema}.categories select id, parent::integer from (${TREE}) as tree (id, parent);
    insert into {schema}.products select n, 'SKU-' || n, 'p', 1, 'EUR', ${CAT_IDS}, 'active', 0, 'p', 'sku-' || n
      from ${SERIES};`,
};

/** What the statements of a projection send and get at once. */
class Watched {
  parameters = 0;
  rows = 0;

  over<Page>(projection: Projection<Page>): Projection<Page> {
    const watch = (db: ProjectionDb): ProjectionDb => ({
      query: async <Row extends object>(name: string, text: string, values: readonly unknown[] = []) => {
        this.#see(values, []);
        const rows = await db.query<Row>(name, text, values);
        this.#see([], rows);
        return rows;
      },
      write: (name, text, values) => {
        this.#see(values, []);
        db.write(name, text, values);
      },
      each: <Row extends object>(text: string, values: readonly unknown[] = []) =>
        this.#each(db.each<Row>(text, values), values),
    });
    return {
      ...projection,
      open: (events, db, cache) => projection.open(events, watch(db), cache),
      flush: (page, db) => projection.flush(page, watch(db)),
    };
  }

  async *#each<Row>(all: AsyncIterable<readonly Row[]>, values: readonly unknown[]): AsyncGenerator<readonly Row[]> {
    this.#see(values, []);
    for await (const rows of all) {
      this.#see([], rows);
      yield rows;
    }
  }

  #see(values: readonly unknown[], rows: readonly unknown[]): void {
    for (const value of values) if (Array.isArray(value)) this.parameters = Math.max(this.parameters, value.length);
    this.rows = Math.max(this.rows, rows.length);
  }
}

/** The rows as a load makes them, and a projection that continues from them. */
async function filled<Page>(projection: Projection<Page>, watched: Watched): Promise<ProjectionUnderTest<Page>> {
  const under = await ProjectionUnderTest.create(pool, watched.over(projection));
  await pool.query((filling[projection.name] as string).replaceAll('{schema}', under.schema));
  return under;
}

async function miscounted(under: { projection: unknown; schema: string }): Promise<Miscounted[]> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const projection = under.projection as AnyProjection & { bulk: NonNullable<AnyProjection['bulk']> };
    return await recount(client, { projection, schema: under.schema });
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** Makes the rows what they would be: what is counted again is put in. */
async function putRight(under: { projection: unknown; schema: string }): Promise<void> {
  for (const { table, key, column, recounted } of await miscounted(under)) {
    await pool.query(`update ${under.schema}.${table} set ${column} = $2 where cat_id = $1`, [Number(key), recounted]);
  }
}

function move(log: TestLog, parent: number): void {
  log.add('categoryTree-main', categoryEvents.CategoryMoved, {
    cat_id: MOVED,
    parent_cat_id: parent,
    moved_at: '2026-01-01T00:00:00.000Z',
  });
}

for (const projection of [categoryTree, orderCounts] as unknown as AnyProjection[]) {
  void t.test(`${projection.name}: a move of many products is right, and is made of small steps`, async (t) => {
    const watched = new Watched();
    const under = await filled(projection, watched);
    await putRight(under);
    const before = await under.rows();
    const log = new TestLog();
    move(log, TO);
    await under.apply(log.events);
    t.same(await miscounted(under), []);
    t.notSame(await under.rows(), before);
    move(log, FROM);
    log.add('product-1', productEvents.ProductCategorised, {
      product_id: 1,
      cat_ids: [FROM],
      categorised_at: '2026-01-01T00:00:00.000Z',
    });
    move(log, TO);
    move(log, FROM);
    await under.apply(log.events);
    t.same(await miscounted(under), []);
    t.ok(watched.parameters < 100, `a parameter of ${watched.parameters}`);
    t.ok(watched.rows <= MOST_ROWS, `${watched.rows} rows at once`);
  });
}

void t.test('products: a move of many products is right, and is made of small steps', async (t) => {
  const watched = new Watched();
  const under = await filled(products, watched);
  await pool.query(`
    with recursive up (product_id, cat_id) as (
      select product_id, unnest(cat_ids) from ${under.schema}.products
      union
      select up.product_id, c.parent_cat_id from up join ${under.schema}.categories c using (cat_id)
      where c.parent_cat_id is not null
    ) insert into ${under.schema}.standing select product_id, cat_id, 'active' from up`);
  t.same(await miscounted(under), []);
  const log = new TestLog();
  move(log, TO);
  log.add('product-1', productEvents.ProductRetired, { product_id: 1, retired_at: '2026-01-01T00:00:00.000Z' });
  await under.apply(log.events);
  t.same(await miscounted(under), []);
  const { rows } = await pool.query(
    `select count(*)::int as here from ${under.schema}.standing where cat_id = ${FROM}`,
  );
  t.same(rows, [{ here: 0 }]);
  t.ok(watched.parameters < MOST_PARAMETERS, `a parameter of ${watched.parameters}`);
  t.ok(watched.rows <= MOST_ROWS, `${watched.rows} rows at once`);
});
