/** Things that stand one below another, of any number of roots and any depth. */
export interface Place<T> {
  readonly id: number;
  readonly value: T;
  readonly parent: Place<T> | null;
  readonly children: ReadonlySet<Place<T>>;
}

interface Node<T> extends Place<T> {
  parent: Node<T> | null;
  readonly children: Set<Node<T>>;
  /** The last walk that came by: tells what it has met already without a set of its own. */
  walk: number;
}

/** Mutable; no walk recurses, so depth is bounded by nothing. An id that is not in it stands nowhere. */
export class Forest<T> {
  readonly #nodes = new Map<number, Node<T>>();
  #walks = 0;

  /** Rows in any order. @throws RangeError for a parent that is not among them */
  static of<T>(
    rows: Iterable<{ readonly id: number; readonly parentId: number | null; readonly value: T }>,
  ): Forest<T> {
    const forest = new Forest<T>();
    const all = [...rows];
    for (const { id, value } of all) forest.add(id, null, value);
    for (const { id, parentId } of all) if (parentId !== null) forest.move(id, parentId);
    return forest;
  }

  get(id: number): Place<T> | undefined {
    return this.#nodes.get(id);
  }

  /** @throws RangeError when the id is there or the parent is not */
  add(id: number, parentId: number | null, value: T): Place<T> {
    if (this.#nodes.has(id)) throw new RangeError(`${id} is there already`);
    const node: Node<T> = { id, value, parent: null, children: new Set(), walk: 0 };
    this.#hang(node, parentId);
    this.#nodes.set(id, node);
    return node;
  }

  /** @throws RangeError when one of the two is not there; a cycle is for the caller to keep out */
  move(id: number, parentId: number | null): Place<T> {
    const node = this.#node(id);
    node.parent?.children.delete(node);
    this.#hang(node, parentId);
    return node;
  }

  /** @throws RangeError when it is not there or something stands below it */
  remove(id: number): void {
    const node = this.#node(id);
    if (node.children.size > 0) throw new RangeError(`something stands below ${id}`);
    node.parent?.children.delete(node);
    this.#nodes.delete(id);
  }

  /** The places with these ids and all that they stand below, each once. Costs what it gives. */
  above(ids: Iterable<number>): Place<T>[] {
    const walk = ++this.#walks;
    const met: Node<T>[] = [];
    for (const id of ids) {
      let node = this.#nodes.get(id) ?? null;
      while (node !== null && node.walk !== walk) {
        node.walk = walk;
        met.push(node);
        node = node.parent;
      }
    }
    return met;
  }

  /** The places with these ids and all that stands below them, each once. */
  below(ids: Iterable<number>): Place<T>[] {
    const walk = ++this.#walks;
    const met: Node<T>[] = [];
    const meet = (node: Node<T> | undefined): void => {
      if (node === undefined || node.walk === walk) return;
      node.walk = walk;
      met.push(node);
    };
    for (const id of ids) meet(this.#nodes.get(id));
    // Grows while it is walked.
    for (const node of met) node.children.forEach(meet);
    return met;
  }

  #node(id: number): Node<T> {
    const node = this.#nodes.get(id);
    if (!node) throw new RangeError(`${id} is not there`);
    return node;
  }

  #hang(node: Node<T>, parentId: number | null): void {
    node.parent = parentId === null ? null : this.#node(parentId);
    node.parent?.children.add(node);
  }
}
