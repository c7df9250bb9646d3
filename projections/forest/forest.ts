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

  /** The same places as they stand now, without their values. */
  shape(): Forest<null> {
    const rows = [...this.#nodes.values()].map(({ id, parent }) => ({ id, parentId: parent?.id ?? null, value: null }));
    return Forest.of(rows);
  }

  /** The places with these ids and all that they stand below, each once and before its parent. Costs what it returns. */
  above(ids: Iterable<number>): Place<T>[] {
    const walk = ++this.#walks;
    // A walk ends below a place of an earlier one, never above: so the later walks come first.
    const walks: Node<T>[][] = [];
    for (const id of ids) {
      const met: Node<T>[] = [];
      this.#walkUp(this.#nodes.get(id), walk, (node) => met.push(node));
      walks.push(met);
    }
    return walks.reverse().flat();
  }

  /**
   * Notes 1 for each place that one of the ids stands at, and -1 where two of their branches meet. Added up over a place and
   * all that is below it, this is 1 if any of the ids is there, and 0 if none is.
   */
  branches(ids: readonly number[], note: (id: number, by: 1 | -1) => void): void {
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) {
      if (this.#nodes.has(only)) note(only, 1);
      return;
    }
    const walk = ++this.#walks;
    for (const id of ids) {
      const start = this.#nodes.get(id);
      const end = this.#walkUp(start, walk);
      if (start === undefined || end === start) continue;
      note(id, 1);
      if (end) note(end.id, -1);
    }
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

  /** From a place to a root, or to where this walk has been already: then it ends at that place. */
  #walkUp(start: Node<T> | undefined, walk: number, meet?: (node: Node<T>) => void): Node<T> | null {
    let node = start ?? null;
    while (node !== null && node.walk !== walk) {
      node.walk = walk;
      meet?.(node);
      node = node.parent;
    }
    return node;
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
