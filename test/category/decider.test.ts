import t from 'tap';
import fc from 'fast-check';
import { categoryDecider } from '../../src/category/decider.js';
import type { CategoryCommand } from '../../src/category/commands.js';
import type { CategoryFact } from '../../src/category/events.js';
import { fold } from '../../src/engine/core/decider.js';
import { codeOf, given, recorded } from '../support/given-when-then.js';

const at = '2026-01-02T00:00:00.000Z';

function added(cat_id: number, parent_cat_id: number | null = null, code: string | null = null): CategoryFact {
  return { type: 'CategoryAdded', data: { cat_id, code, name: `c${cat_id}`, parent_cat_id, added_at: at } };
}
function adding(cat_id: number, parent_cat_id: number | null = null, code: string | null = null): CategoryCommand {
  return { type: 'AddCategory', cat_id, code, name: `c${cat_id}`, parent_cat_id, at };
}
const moving = (cat_id: number, parent_cat_id: number | null): CategoryCommand => ({
  type: 'ChangeCategory',
  cat_id,
  parent_cat_id,
  at,
});

t.test('adds a category at the top or below another, once', async (t) => {
  given(t, categoryDecider, [])
    .when(adding(1))
    .then([added(1)], 'category-exists');
  given(t, categoryDecider, [added(1)])
    .when(adding(2, 1, 'x'))
    .then([added(2, 1, 'x')], 'category-exists');
});

t.test('refuses an id or a code that is taken, and a parent that is unknown', async (t) => {
  const tree = given(t, categoryDecider, [added(1, null, 'a')]);
  tree.when(adding(1)).refused('category-exists');
  tree.when(adding(2, null, 'a')).refused('category-code-taken');
  tree.when(adding(2, 9)).refused('unknown-category');
});

t.test('renames and moves, one event for each thing that changes', async (t) => {
  given(t, categoryDecider, [added(1), added(2)])
    .when({ type: 'ChangeCategory', cat_id: 2, name: 'new', parent_cat_id: 1, at })
    .then([
      { type: 'CategoryRenamed', data: { cat_id: 2, name: 'new', renamed_at: at } },
      { type: 'CategoryMoved', data: { cat_id: 2, parent_cat_id: 1, moved_at: at } },
    ]);
  given(t, categoryDecider, [added(1)])
    .when({ type: 'ChangeCategory', cat_id: 1, name: 'c1', at })
    .then([]);
  given(t, categoryDecider, [added(1), added(2, 1)])
    .when(moving(2, null))
    .then([{ type: 'CategoryMoved', data: { cat_id: 2, parent_cat_id: null, moved_at: at } }]);
});

t.test('refuses to move a category below itself', async (t) => {
  const tree = given(t, categoryDecider, [added(1), added(2, 1), added(3, 2)]);
  tree.when(moving(1, 1)).refused('category-cycle');
  tree.when(moving(1, 3)).refused('category-cycle');
  tree.when(moving(1, 9)).refused('unknown-category');
  tree.when(moving(9, 1)).refused('category-not-found');
});

t.test('removes an empty category only, and never uses its id again', async (t) => {
  const remove = (cat_id: number, holdsProducts = false): CategoryCommand => ({
    type: 'RemoveCategory',
    cat_id,
    holdsProducts,
    at,
  });
  const removed: CategoryFact = { type: 'CategoryRemoved', data: { cat_id: 2, removed_at: at } };
  const tree = given(t, categoryDecider, [added(1), added(2, 1, 'b')]);
  tree.when(remove(1)).refused('category-not-empty');
  tree.when(remove(2, true)).refused('category-not-empty');
  tree.when(remove(2)).then([removed], 'category-not-found');
  const after = given(t, categoryDecider, [added(1), added(2, 1, 'b'), removed]);
  after.when(remove(1)).then([{ type: 'CategoryRemoved', data: { cat_id: 1, removed_at: at } }], 'category-not-found');
  after.when(adding(2)).refused('category-exists');
  after.when(adding(3, null, 'b')).then([added(3, null, 'b')], 'category-exists');
});

t.test("a category's revision is that of the last event about it", async (t) => {
  const tree = fold(
    categoryDecider,
    recorded<CategoryFact>([
      added(1),
      added(2, 1),
      { type: 'CategoryRenamed', data: { cat_id: 1, name: 'n', renamed_at: at } },
      added(3, 1),
    ]),
  );
  t.equal(tree.categories.get(1)?.revision, 2);
  t.equal(tree.categories.get(2)?.revision, 1);
});

const importing = (...rows: (readonly [cat_id: number, parent: number | null, code?: string])[]): CategoryCommand => {
  const categories = rows.map(([cat_id, parent_cat_id, code = null]) => {
    return { cat_id, code, name: `c${cat_id}`, parent_cat_id };
  });
  return { type: 'ImportCategories', categories, at };
};

t.test('imports many at once, also below each other, and passes over those that are there', async (t) => {
  given(t, categoryDecider, [added(1)])
    .when(importing([1, null], [2, 1], [3, 2]))
    .then([added(2, 1), added(3, 2)]);
});

t.test('refuses to import what could not be added', async (t) => {
  given(t, categoryDecider, [added(1)])
    .when(importing([2, 9]))
    .refused('unknown-category');
  given(t, categoryDecider, [])
    .when(importing([1, null, 'a'], [2, null, 'a']))
    .refused('category-code-taken');
});

t.test('whatever is asked, the tree has no cycle, no lost parent and counts its children right', async (t) => {
  const id = fc.integer({ min: 1, max: 8 });
  const parent = fc.option(id, { nil: null });
  const command: fc.Arbitrary<CategoryCommand> = fc.oneof(
    fc.tuple(id, parent).map(([i, p]) => adding(i, p)),
    fc.tuple(id, parent).map(([i, p]) => moving(i, p)),
    id.map((cat_id): CategoryCommand => ({ type: 'RemoveCategory', cat_id, holdsProducts: false, at })),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
      let tree = categoryDecider.initialState;
      for (const command of commands) {
        codeOf(() => {
          for (const event of recorded(categoryDecider.decide(tree, command)))
            tree = categoryDecider.evolve(tree, event);
        });
      }
      const all = [...tree.categories.values()];
      for (const category of all) {
        const seen = new Set<number>();
        for (let at: number | null = category.cat_id; at !== null;) {
          if (seen.has(at)) return false;
          seen.add(at);
          const up: { parent_cat_id: number | null } | undefined = tree.categories.get(at);
          if (!up) return false;
          at = up.parent_cat_id;
        }
        if (category.children !== all.filter((other) => other.parent_cat_id === category.cat_id).length) return false;
      }
      return true;
    }),
    { numRuns: 200 },
  );
  t.pass('200 histories');
});
