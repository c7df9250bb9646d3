import fc from 'fast-check';
import t from 'tap';
import { checkCategories } from '../../src/import/check-categories.js';
import { Findings } from '../../src/import/findings.js';
import { locateSources } from '../../src/import/source.js';
import { nothingStored } from '../../src/import/stored.js';
import { check, folder, header, options, order } from './folder.js';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((s) => !/[\p{Cc}\p{Cs}]/u.test(s));
const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;

/** A tree as parents of the nodes 1 to n, each parent smaller than its child, in a random order of rows. */
const shuffledTree = fc.array(fc.nat(), { minLength: 1, maxLength: 40 }).chain((picks) =>
  fc.shuffledSubarray(
    picks.map((pick, i) => ({ cat_id: i + 1, parent: pick % (i + 1) || null })),
    { minLength: picks.length },
  ),
);

const validFolder = fc
  .record({
    tree: shuffledTree,
    products: fc.array(
      fc.record({ name: text, price: fc.maxSafeNat(), cats: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }) }),
      {
        minLength: 1,
        maxLength: 10,
      },
    ),
    users: fc.uniqueArray(text, { minLength: 1, maxLength: 10 }),
    orders: fc.array(
      fc.record({
        user: fc.nat(),
        items: fc.array(
          fc.record({ product: fc.nat(), quantity: fc.integer({ min: 1, max: 1e6 }), unit_price: fc.nat(1e6) }),
          { minLength: 1, maxLength: 5 },
        ),
        at: fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
      }),
      { maxLength: 10 },
    ),
  })
  .map(({ tree, products, users, orders }) => ({
    categories: tree,
    counts: [tree.length, products.length, users.length, orders.length],
    files: {
      'categories.csv': [header.categories, ...tree.map((c) => `${c.cat_id},,n,${c.parent ?? ''}`)].join('\n'),
      'products.csv': [
        header.products,
        ...products.map(({ name, price, cats }, i) => {
          const ids = new Set(cats.map((cat) => (cat % tree.length) + 1));
          return `${i + 1},S${i},${quoted(name)},${price},USD,${[...ids].join('|')}`;
        }),
      ].join('\r\n'),
      'users.csv': [header.users, ...users.map((ref, i) => `${quoted(ref)},${quoted(ref)},u${i}@x.org`)].join('\n'),
      'orders.ndjson': orders
        .map(({ user, items, at }, i) =>
          order(`o${i}`, {
            user_ref: users[user % users.length],
            placed_at: at.toISOString(),
            items: items.map(({ product, ...item }) => {
              const p = product % products.length;
              return { ...item, sku: `S${p}`, product_id: p + 1 };
            }),
          }),
        )
        .join('\n'),
    },
  }));

void t.test('any valid folder is without findings, and all of it is planned, parents before children', async (t) => {
  await fc.assert(
    fc.asyncProperty(validFolder, async ({ files, counts }) => {
      const { findings, plan } = await check(t, files);
      const planned = [plan?.categories.length, plan?.products.length, plan?.users.length, plan?.orders?.count];
      const seen = new Set<number | null>([null]);
      const inOrder = plan?.categories.every(
        ({ cat_id, parent_cat_id }) => seen.add(cat_id) && seen.has(parent_cat_id),
      );
      t.same([findings, planned, inOrder], [[], counts, true]);
    }),
    { numRuns: 60 },
  );
});

void t.test('a category graph is refused exactly when some category does not reach a root', async (t) => {
  const graph = fc.array(fc.record({ id: fc.integer({ min: 1, max: 8 }), parent: fc.nat(9) }), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(graph, async (drawn) => {
      const parents = new Map(drawn.map(({ id, parent }) => [id, parent]));
      const rows = [...parents].map(([id, parent]) => `${id},,n,${parent || ''}`);
      const reachesRoot = (id: number): boolean => {
        let at: number | undefined = id;
        for (let steps = 0; at !== undefined && steps <= parents.size; steps++) {
          if (at === 0) return true;
          at = parents.get(at);
        }
        return false;
      };
      const sound = [...parents.keys()].every(reachesRoot);
      const findings = new Findings();
      const dir = folder(t, { 'categories.csv': [header.categories, ...rows].join('\n') });
      const sources = await locateSources(dir, findings);
      const checked = await checkCategories({
        dir,
        sources,
        stored: nothingStored,
        options,
        findings,
        unreadable: new Set(),
      });
      t.same([checked.graphFault, findings.length > 0], [!sound, !sound]);
    }),
    { numRuns: 150 },
  );
});
