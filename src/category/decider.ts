import { type Decider, type Envelope, PersistentMap, Refusal } from '../engine/index.js';
import type { AddCategory, CategoryCommand, ChangeCategory, ImportCategories } from './commands.js';
import type { CategoryFact } from './events.js';

export interface Category {
  readonly cat_id: number;
  readonly code: string | null;
  readonly name: string;
  readonly parent_cat_id: number | null;
  /** How many categories stand directly below. */
  readonly children: number;
  /** Of the event of the tree that added it. */
  readonly added: number;
  /** Of the last event of the tree that is about this category. */
  readonly revision: number;
}

/** The whole tree. What is removed stays known: an id is never used twice. */
export interface Tree {
  readonly categories: PersistentMap<number, Category>;
  /** Code → cat_id. */
  readonly codes: PersistentMap<string, number>;
  readonly removed: PersistentMap<number, true>;
}

export const categoryDecider: Decider<Tree, CategoryCommand, CategoryFact> = {
  initialState: {
    categories: PersistentMap.empty(),
    codes: PersistentMap.empty(),
    removed: PersistentMap.empty(),
  },
  decide,
  evolve,
};

function decide(tree: Tree, command: CategoryCommand): CategoryFact[] {
  switch (command.type) {
    case 'AddCategory':
      return [add(tree, command, command.at)];
    case 'ChangeCategory':
      return change(tree, command);
    case 'RemoveCategory': {
      const { cat_id, holdsProducts, at } = command;
      const category = known(tree, cat_id);
      if (category.children > 0) throw new Refusal('category-not-empty', 'Categories stand below it.');
      if (holdsProducts) throw new Refusal('category-not-empty', 'Products stand in it, retired ones included.');
      return [{ type: 'CategoryRemoved', data: { cat_id, removed_at: at } }];
    }
    case 'ImportCategories':
      return importAll(tree, command);
  }
}

function evolve(tree: Tree, event: Envelope<CategoryFact>): Tree {
  const { revision } = event;
  switch (event.type) {
    case 'CategoryAdded':
      return withCategory(tree, event.data, revision);
    case 'CategoryRenamed': {
      const category = { ...known(tree, event.data.cat_id), name: event.data.name, revision };
      return { ...tree, categories: tree.categories.set(category.cat_id, category) };
    }
    case 'CategoryMoved': {
      const { cat_id, parent_cat_id } = event.data;
      const category = known(tree, cat_id);
      let categories = countChild(tree.categories, category.parent_cat_id, -1);
      categories = countChild(categories, parent_cat_id, 1);
      // Read again: the counting may have touched this very category's entry.
      const moved = { ...(categories.get(cat_id) ?? category), parent_cat_id, revision };
      return { ...tree, categories: categories.set(cat_id, moved) };
    }
    case 'CategoryRemoved': {
      const { cat_id } = event.data;
      const { code, parent_cat_id } = known(tree, cat_id);
      return {
        categories: countChild(tree.categories, parent_cat_id, -1).delete(cat_id),
        codes: code === null ? tree.codes : tree.codes.delete(code),
        removed: tree.removed.set(cat_id, true),
      };
    }
  }
}

/** @throws Refusal category-not-found */
export function known(tree: Tree, catId: number): Category {
  const category = tree.categories.get(catId);
  if (!category) throw new Refusal('category-not-found', `There is no category ${catId}.`);
  return category;
}

function add(tree: Tree, command: Omit<AddCategory, 'type' | 'at'>, at: string): CategoryFact {
  const { cat_id, code, name, parent_cat_id } = command;
  if (tree.categories.has(cat_id)) throw new Refusal('category-exists', `Category ${cat_id} exists already.`);
  if (tree.removed.has(cat_id)) {
    throw new Refusal('category-exists', `Category ${cat_id} was removed; an id is not used twice.`);
  }
  if (code !== null && tree.codes.has(code)) {
    throw new Refusal('category-code-taken', `Category ${tree.codes.get(code)} has this code.`);
  }
  refuseUnknownParent(tree, parent_cat_id);
  return { type: 'CategoryAdded', data: { cat_id, code, name, parent_cat_id, added_at: at } };
}

function change(tree: Tree, command: ChangeCategory): CategoryFact[] {
  const { cat_id, name, parent_cat_id, at } = command;
  const category = known(tree, cat_id);
  const facts: CategoryFact[] = [];
  if (name !== undefined && name !== category.name) {
    facts.push({ type: 'CategoryRenamed', data: { cat_id, name, renamed_at: at } });
  }
  if (parent_cat_id !== undefined && parent_cat_id !== category.parent_cat_id) {
    refuseUnknownParent(tree, parent_cat_id);
    for (let up: number | null = parent_cat_id; up !== null; up = known(tree, up).parent_cat_id) {
      if (up === cat_id)
        throw new Refusal('category-cycle', 'The new parent is the category itself or stands below it.');
    }
    facts.push({ type: 'CategoryMoved', data: { cat_id, parent_cat_id, moved_at: at } });
  }
  return facts;
}

function importAll(tree: Tree, command: ImportCategories): CategoryFact[] {
  const facts: CategoryFact[] = [];
  let grown = tree;
  for (const category of command.categories) {
    if (grown.categories.has(category.cat_id)) continue;
    facts.push(add(grown, category, command.at));
    grown = withCategory(grown, category, -1);
  }
  return facts;
}

function withCategory(tree: Tree, added: Omit<AddCategory, 'type' | 'at'>, revision: number): Tree {
  const { cat_id, code, name, parent_cat_id } = added;
  const categories = countChild(tree.categories, parent_cat_id, 1);
  return {
    ...tree,
    categories: categories.set(cat_id, { cat_id, code, name, parent_cat_id, children: 0, added: revision, revision }),
    codes: code === null ? tree.codes : tree.codes.set(code, cat_id),
  };
}

function countChild(categories: Tree['categories'], parent: number | null, by: number): Tree['categories'] {
  const category = parent === null ? undefined : categories.get(parent);
  return category ? categories.set(category.cat_id, { ...category, children: category.children + by }) : categories;
}

function refuseUnknownParent(tree: Tree, parent: number | null): void {
  if (parent === null || tree.categories.has(parent)) return;
  throw new Refusal('unknown-category', `There is no category ${parent} to stand below.`, [
    { path: 'parent_cat_id', message: 'unknown category' },
  ]);
}
