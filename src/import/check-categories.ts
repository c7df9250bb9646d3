import { csvRows } from './csv.js';
import { LEFT_OUT, RowFaults } from './finding.js';
import type { Findings } from './findings.js';
import type { Check, Checked } from './plan.js';
import { CATEGORY_COLUMNS, type CategoryRow, type Partly, readCategory } from './rows.js';
import type { StoredCategory } from './stored.js';

export interface CheckedCategories extends Checked<CategoryRow> {
  /** The graph itself is at fault: then no part of it can be taken. */
  readonly graphFault: boolean;
  /** Whether a category will be there; `left out`: its row is bad. */
  readonly has: (catId: number) => boolean | 'left out';
}

/** Reads categories.csv and checks it as a graph, together with what is stored. The rows come parents before children. */
export async function checkCategories(check: Check): Promise<CheckedCategories> {
  const source = check.sources['categories.csv'];
  const graph = new Graph(check, source?.name ?? '');
  if (source) {
    for await (const csvRow of csvRows(check, source, CATEGORY_COLUMNS)) {
      check.options.progress?.advance();
      if (!csvRow.misaligned) graph.add(readCategory(csvRow), csvRow.faults);
    }
    graph.checkParents();
    graph.checkCycles();
  }
  const unreadable = source !== undefined && check.unreadable.has(source.name);
  const rows = inTreeOrder([...graph.rows.values()].filter(({ cat_id }) => !graph.bad.has(cat_id)) as CategoryRow[]);
  const fresh = rows.filter((row) => !check.stored.categories.has(row.cat_id));
  return {
    rows: fresh,
    skipped: rows.length - fresh.length,
    graphFault: graph.fault || unreadable,
    has: (id) => unreadable || graph.has(id),
  };
}

/** What could be read of a row, of which the id is known. */
type Node = Partly<CategoryRow> & Pick<CategoryRow, 'cat_id'>;

class Graph {
  /** The first row of each id, in the order of the file, bad ones too. */
  readonly rows = new Map<number, Node>();
  /** Ids of bad rows. */
  readonly bad = new Set<number>();
  fault = false;
  /** Who has a code: a category, or a line where its id can't be read. */
  readonly #codes = new Map<string, string>();
  /** Rows of which the id can't be read. */
  readonly #nameless: Partly<CategoryRow>[] = [];
  readonly #findings: Findings;
  readonly #stored: ReadonlyMap<number, StoredCategory>;
  readonly #leavesOut: boolean;

  constructor(
    check: Check,
    private readonly file: string,
  ) {
    this.#findings = check.findings;
    this.#stored = check.stored.categories;
    this.#leavesOut = check.options.onError === 'report';
    for (const [id, { code, removed }] of this.#stored)
      if (code !== null && !removed) this.#codes.set(code, `category ${id}`);
  }

  add(row: Partly<CategoryRow>, faults: RowFaults): void {
    const { cat_id, parent_cat_id } = row;
    this.#checkCode(row, faults);
    if (cat_id === undefined) {
      this.#nameless.push(row);
      return;
    }
    const first = this.rows.get(cat_id);
    if (first) {
      this.fault = true;
      if (parent_cat_id === undefined || first.parent_cat_id === undefined || first.parent_cat_id === parent_cat_id) {
        faults.add('cat_id', String(cat_id), `duplicate id: it stands on line ${first.line} already`);
      } else {
        const other = first.parent_cat_id ?? 'none (root)';
        faults.add(
          'parent_cat_id',
          String(parent_cat_id ?? ''),
          `two parents for category ${cat_id}: on line ${first.line} it is ${other}`,
        );
      }
      return;
    }
    const stored = this.#stored.get(cat_id);
    if (stored?.removed) faults.add('cat_id', String(cat_id), 'the category was removed; an id is not used twice');
    else if (stored) compare(row, stored, faults);
    this.rows.set(cat_id, { ...row, cat_id });
    if (faults.any) this.bad.add(cat_id);
  }

  #checkCode({ cat_id, code, line }: Partly<CategoryRow>, faults: RowFaults): void {
    if (code === null || code === undefined) return;
    const own = cat_id === undefined ? `line ${line}` : `category ${cat_id}`;
    const holder = this.#codes.get(code) ?? own;
    if (holder === own) this.#codes.set(code, own);
    else faults.add('code', code, `duplicate code: ${holder} has it`);
  }

  has(id: number): boolean | 'left out' {
    // What is stored stays what it is, whatever the file says of it.
    if (this.#stored.get(id)?.removed === false) return true;
    if (this.bad.has(id)) return this.#leavesOut ? 'left out' : true;
    return this.rows.has(id);
  }

  checkParents(): void {
    for (const row of this.#nameless) this.#checkParent(row, new RowFaults(this.#findings, this.file, row.line, true));
    for (const row of this.rows.values()) {
      const isBad = this.bad.has(row.cat_id);
      const faults = new RowFaults(this.#findings, this.file, row.line, isBad);
      this.#checkParent(row, faults);
      // Without a bad row, the rest would still be a graph.
      if (faults.any && !(this.#leavesOut && isBad)) this.fault = true;
    }
  }

  #checkParent({ parent_cat_id: parent }: Partly<CategoryRow>, faults: RowFaults): void {
    if (parent === null || parent === undefined) return;
    const there = this.has(parent);
    if (there === 'left out') faults.add('parent_cat_id', String(parent), `the parent is left out: ${LEFT_OUT}`);
    else if (there) return;
    else if (this.#stored.has(parent)) faults.add('parent_cat_id', String(parent), 'the parent was removed');
    else faults.add('parent_cat_id', String(parent), 'unknown parent');
  }

  /** Each cycle is one finding, on the row of it that stands first in the file. */
  checkCycles(): void {
    const settled = new Set<number>();
    for (const start of this.rows.values()) {
      const path: number[] = [];
      const onPath = new Set<number>();
      let row: Node | undefined = start;
      while (row && !settled.has(row.cat_id) && !onPath.has(row.cat_id)) {
        path.push(row.cat_id);
        onPath.add(row.cat_id);
        row = this.rows.get(row.parent_cat_id ?? 0);
      }
      if (row && onPath.has(row.cat_id)) this.#reportCycle(path.slice(path.indexOf(row.cat_id)));
      for (const id of path) settled.add(id);
    }
  }

  #reportCycle(ids: readonly number[]): void {
    const members = ids.map((id) => this.rows.get(id) as Node);
    const first = members.reduce((a, b) => (b.line < a.line ? b : a));
    const at = ids.indexOf(first.cat_id);
    const shown = [...ids.slice(at), ...ids.slice(0, at), first.cat_id].map(String);
    const named = shown.length > 12 ? [...shown.slice(0, 10), '…', first.cat_id] : shown;
    this.fault = true;
    const faults = new RowFaults(this.#findings, this.file, first.line, this.bad.has(first.cat_id));
    faults.add(
      'parent_cat_id',
      String(first.parent_cat_id),
      `cycle: ${named.join(' → ')} (each stands below the next)`,
    );
  }
}

function compare(row: Partly<CategoryRow>, stored: StoredCategory, faults: RowFaults): void {
  for (const column of ['code', 'name', 'parent_cat_id'] as const) {
    if (row[column] === undefined || row[column] === stored[column]) continue;
    faults.add(column, String(row[column] ?? ''), `differs from what is stored: ${stored[column] ?? 'none'}`);
  }
}

/** Level by level from the roots, siblings as in the file. Rows whose parent is not among them count as roots. */
function inTreeOrder(rows: readonly CategoryRow[]): CategoryRow[] {
  const ids = new Set(rows.map((row) => row.cat_id));
  const below = new Map<number | null, CategoryRow[]>();
  for (const row of rows) {
    const parent = row.parent_cat_id !== null && ids.has(row.parent_cat_id) ? row.parent_cat_id : null;
    const siblings = below.get(parent);
    if (siblings) siblings.push(row);
    else below.set(parent, [row]);
  }
  const ordered = [...(below.get(null) ?? [])];
  // Grows while it is walked.
  for (const row of ordered) for (const child of below.get(row.cat_id) ?? []) ordered.push(child);
  return ordered;
}
