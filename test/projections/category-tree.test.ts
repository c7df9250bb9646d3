import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { categoryTree } from '../../projections/category-tree/projection.js';
import { CategoryTree, type TreeOptions } from '../../projections/category-tree/read-model.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';
import { BruteForce } from '../support/brute-force.js';
import { ProjectionUnderTest } from '../support/project.js';
import { servedModel } from '../support/served-model.js';
import { Shop, shopHistories } from '../support/shop.js';

interface Shown {
  readonly cat_id: number;
  readonly name: string;
  readonly total_products: number;
  readonly child_categories: readonly Shown[];
}

interface Served {
  readonly tree: CategoryTree;
  readonly show: (options?: TreeOptions) => Promise<readonly Shown[] | null>;
  /** Totals by category, of the whole tree. */
  readonly totals: () => Promise<Record<string, number>>;
}

const served = await servedModel(t, categoryTree);

/** As in a process that has just started, over the shop's log alone. */
async function serve(shop: Shop): Promise<Served> {
  await served.restart(shop.log);
  await served.catchUp();
  const tree = new CategoryTree(served.model);
  const show = async (options: TreeOptions = {}): Promise<readonly Shown[] | null> => {
    const { answer } = await tree.tree(options);
    return answer && (JSON.parse(answer.identity.bytes.toString()) as { data: Shown[] }).data;
  };
  const totals = async (): Promise<Record<string, number>> => {
    const all: Record<string, number> = {};
    const add = (node: Shown): void => {
      all[node.name] = node.total_products;
      node.child_categories.forEach(add);
    };
    (await show())?.forEach(add);
    return all;
  };
  return { tree, show, totals };
}

function clothes(): Shop {
  const shop = new Shop();
  shop.addCategory(1, null, 'clothes');
  shop.addCategory(2, 1, "Mens' wear");
  shop.addCategory(3, 2, 'Shirts');
  shop.addCategory(4, 2, 'T-Shirts');
  shop.addCategory(5, 1, "Womens' wear");
  shop.addCategory(6, 5, 'Saree');
  shop.addProduct(1, 3);
  shop.addProduct(2, 4);
  for (const id of [3, 4, 5]) shop.addProduct(id, 6);
  return shop;
}

/** One printer, in Home and in Office. */
function appliances(): Shop {
  const shop = new Shop();
  shop.addCategory(1, null, 'Appliances');
  shop.addCategory(2, 1, 'Home');
  shop.addCategory(3, 1, 'Office');
  shop.addProduct(1, 2, 3);
  return shop;
}

void t.test('the tree of the requirement has its totals, in the shape of the contract', async (t) => {
  const { tree, totals } = await serve(clothes());
  t.same(await totals(), {
    clothes: 5,
    "Mens' wear": 2,
    Shirts: 1,
    'T-Shirts': 1,
    "Womens' wear": 3,
    Saree: 3,
  });
  const { answer } = await tree.tree({ root: 5 });
  t.equal(
    answer?.identity.bytes.toString(),
    `{"data":[{"cat_id":5,"name":"Womens' wear","total_products":3,"child_categories":[` +
      `{"cat_id":6,"name":"Saree","total_products":3,"child_categories":[]}]}]}`,
  );
});

void t.test('a product in two branches counts once in each and once in their common parent', async (t) => {
  const { totals } = await serve(appliances());
  t.same(await totals(), { Appliances: 1, Home: 1, Office: 1 });
});

void t.test('a product in a parent and in its child counts once in both', async (t) => {
  const shop = new Shop();
  shop.addCategory(1, null, 'parent');
  shop.addCategory(2, 1, 'child');
  shop.addProduct(1, 1, 2);
  const { totals } = await serve(shop);
  t.same(await totals(), { parent: 1, child: 1 });
});

void t.test('a moved branch takes its products along, and what it stays below keeps its total', async (t) => {
  const shop = appliances();
  shop.addProduct(2, 3);
  const { totals } = await serve(shop);
  t.same(await totals(), { Appliances: 2, Home: 1, Office: 2 });
  shop.moveCategory(3, 2);
  await served.catchUp();
  t.same(await totals(), { Appliances: 2, Home: 2, Office: 2 });
});

void t.test('a retired product is not counted, a reinstated one is again', async (t) => {
  const shop = appliances();
  shop.retire(1);
  const { totals } = await serve(shop);
  t.same(await totals(), { Appliances: 0, Home: 0, Office: 0 });
  shop.reinstate(1);
  await served.catchUp();
  t.same(await totals(), { Appliances: 1, Home: 1, Office: 1 });
});

void t.test('a product that entered a category while it was removed counts and shows there nowhere', async (t) => {
  const shop = appliances();
  shop.removeCategory(3);
  shop.addProduct(2, 3);
  const { totals } = await serve(shop);
  t.same(await totals(), { Appliances: 1, Home: 1 });
});

void t.test('an empty category has a total of 0, an unknown one no answer', async (t) => {
  const shop = new Shop();
  const { tree, show } = await serve(shop);
  t.same(await show(), [], 'no category at all');
  shop.addCategory(1, null, 'empty');
  await served.catchUp();
  t.same(await show({ root: 1 }), [{ cat_id: 1, name: 'empty', total_products: 0, child_categories: [] }]);
  t.equal(await show({ root: 2 }), null);
  t.equal((await tree.category(2)).category, null);
  t.equal((await tree.subtree(2)).catIds, null);
});

void t.test('a part of the tree is cut at a root and at a depth', async (t) => {
  const { show, tree } = await serve(clothes());
  const names = (nodes: readonly Shown[] | null): unknown[] =>
    (nodes ?? []).map((node) => [node.name, names(node.child_categories)]);
  t.same(names(await show({ depth: 1 })), [['clothes', []]]);
  t.same(names(await show({ root: 1, depth: 2 })), [
    [
      'clothes',
      [
        ["Mens' wear", []],
        ["Womens' wear", []],
      ],
    ],
  ]);
  t.same((await tree.subtree(2)).catIds?.sort(), [2, 3, 4]);
});

void t.test('a category shows the revision of the last tree event about it', async (t) => {
  const shop = appliances();
  shop.moveCategory(3, 2);
  shop.renameCategory(2, 'House');
  const { tree } = await serve(shop);
  const category = { cat_id: 2, code: 'C2', name: 'House', parent_cat_id: 1, total_products: 1, revision: 4 };
  t.same((await tree.category(2)).category, category);
  t.equal((await tree.category(3)).category?.revision, 3);
  t.equal((await tree.category(1)).category?.revision, 0);
});

void t.test('the whole answer is made once a change for all callers, and its tag tells changes apart', async (t) => {
  const shop = appliances();
  const { tree } = await serve(shop);
  const answers = await Promise.all(Array.from({ length: 5 }, () => tree.tree({})));
  const [first] = answers;
  for (const { answer } of answers) t.equal(answer, first?.answer);
  t.match(first?.answer?.identity.etag, /^"[\w-]+"$/);
  // Two places that are the same to the tree.
  shop.categorise(1, 3, 2);
  shop.place(1, 1);
  await served.catchUp();
  const second = await tree.tree({});
  t.equal(second.answer, first?.answer);
  t.equal(second.position, served.projected.position, 'and true for the later place');
  shop.addProduct(2, 2);
  await served.catchUp();
  const third = await tree.tree({});
  t.not(third.answer?.identity.etag, first?.answer?.identity.etag);
  t.equal(third.position, served.projected.position);
});

void t.test('a tree deeper than any stack is shown', async (t) => {
  const shop = new Shop();
  for (let id = 1; id <= 10_000; id++) shop.addCategory(id, id === 1 ? null : id - 1);
  shop.addProduct(1, 10_000);
  const { tree } = await serve(shop);
  t.equal((await tree.category(1)).category?.total_products, 1);
  const { answer } = await tree.tree({});
  t.equal(answer?.identity.bytes.toString().match(/"total_products":1,/g)?.length, 10_000);
});

void t.test('events applied twice count once', async (t) => {
  const shop = clothes();
  const { totals } = await serve(shop);
  const once = await served.projected.rows();
  await served.projected.apply(shop.log.events);
  t.same(await served.projected.rows(), once);
  t.equal((await totals())['clothes'], 5);
});

void t.test(
  'whatever happened, every total is what its definition says, and rows are the same for any pages',
  async () => {
    const other = await ProjectionUnderTest.create(served.projected.pool, categoryTree, 'other');
    const property = fc.asyncProperty(
      shopHistories,
      fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 5 }),
      async (shop, pageSizes) => {
        await served.restart(shop.log);
        await other.empty();
        const expected = new BruteForce();
        let rest: readonly RecordedEvent[] = shop.log.events;
        for (let turn = 0; rest.length > 0; turn++) {
          const page = rest.slice(0, pageSizes[turn % pageSizes.length]);
          rest = rest.slice(page.length);
          await other.apply(page);
          if (page.length % 3 === 0) other.restart();
          page.forEach((event) => expected.apply(event));
          await compare(other, expected);
        }
        await served.catchUp();
        assert.deepEqual(await other.rows(), await served.projected.rows());
        // A process that has seen nothing of an earlier log.
        assert.deepEqual(await new CategoryTree(served.model).tree({}).then(parsed), expected.tree());
      },
    );
    await fc.assert(property, { numRuns: 60 });
  },
);

function parsed({ answer }: Awaited<ReturnType<CategoryTree['tree']>>): unknown {
  return answer && (JSON.parse(answer.identity.bytes.toString()) as { data: unknown }).data;
}

/** Throws, so that the history can be made smaller. */
async function compare(projected: ProjectionUnderTest<unknown>, expected: BruteForce): Promise<void> {
  const { categories } = await projected.rows();
  const shown = (categories ?? []) as {
    cat_id: number;
    parent_cat_id: number | null;
    total_products: number;
    revision: number;
  }[];
  const actual = shown.map((row) => [row.cat_id, row.parent_cat_id, row.total_products, row.revision]);
  const wanted = [...expected.parents].map(([id, parent]) => [
    id,
    parent,
    expected.totalProducts(id),
    expected.revisions.get(id),
  ]);
  const byId = (one: (number | null | undefined)[], two: (number | null | undefined)[]): number =>
    Number(one[0]) - Number(two[0]);
  assert.deepEqual(actual.sort(byId), wanted.sort(byId));
}
