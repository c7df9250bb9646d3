import type { Position } from '../../src/engine/index.js';
import { prepareAnswer, type PreparedAnswer } from '../../src/http/prepared-answer.js';

export interface TreeRow {
  readonly cat_id: number;
  readonly parent_cat_id: number | null;
  readonly name: string;
  readonly total_products: number;
}

interface Node {
  readonly row: TreeRow;
  readonly children: Node[];
}

/** Answers about parts of the tree that are kept until it changes, at most. */
const KEPT_PARTS = 64;

/** The tree at one moment, and the answers made from it so far: each is made once. */
export class TreeDocument {
  readonly #nodes = new Map<number, Node>();
  readonly #roots: Node[] = [];
  readonly #answers = new Map<string, Promise<PreparedAnswer>>();

  constructor(
    /** Position of the last event that changed what the tree shows. */
    readonly revision: Position,
    rows: readonly TreeRow[],
  ) {
    const ascending = rows.toSorted((one, other) => one.cat_id - other.cat_id);
    for (const row of ascending) this.#nodes.set(row.cat_id, { row, children: [] });
    for (const node of this.#nodes.values()) {
      const { parent_cat_id } = node.row;
      const parent = parent_cat_id === null ? undefined : this.#nodes.get(parent_cat_id);
      (parent?.children ?? this.#roots).push(node);
    }
  }

  /**
   * @param root null for all roots; otherwise this category alone, with what is below it
   * @param depth how many levels, null for all
   * @returns null when there is no such category
   */
  async answer(root: number | null, depth: number | null): Promise<PreparedAnswer | null> {
    const start = root === null ? this.#roots : [this.#nodes.get(root)];
    const nodes = start.filter((node) => node !== undefined);
    if (root !== null && nodes.length === 0) return null;
    const key = `${root ?? ''}/${depth ?? ''}`;
    const known = this.#answers.get(key);
    if (known) return known;
    const made = prepareAnswer(treeJson(nodes, depth ?? Infinity));
    this.#answers.set(key, made);
    if (this.#answers.size > KEPT_PARTS) this.#forgetOldestPart();
    return made;
  }

  #forgetOldestPart(): void {
    for (const key of this.#answers.keys()) {
      if (key === '/') continue; // the full tree
      this.#answers.delete(key);
      return;
    }
  }
}

/** Without recursion: a tree may be deeper than the stack. */
function treeJson(roots: readonly Node[], depth: number): string {
  let text = '{"data":[';
  const path = [{ siblings: roots, next: 0 }];
  for (let level = path.at(-1); level; level = path.at(-1)) {
    const node = level.siblings[level.next++];
    if (!node) {
      // Closes a category's children and the category, at the very end the data and the answer.
      text += ']}';
      path.pop();
      continue;
    }
    const { cat_id, name, total_products } = node.row;
    if (level.next > 1) text += ',';
    text += `{"cat_id":${cat_id},"name":${JSON.stringify(name)},"total_products":${total_products},"child_categories":[`;
    if (node.children.length > 0 && path.length < depth) path.push({ siblings: node.children, next: 0 });
    else text += ']}';
  }
  return text;
}
