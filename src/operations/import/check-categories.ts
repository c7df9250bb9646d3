import { csvRows } from './csv.js';
import { type Finding, RowFaults } from './finding.js';
import type { Check, Checked } from './plan.js';
import { CATEGORY_COLUMNS, type CategoryRow, readCategory } from './rows.js';
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
      const { id, row } = readCategory(csvRow);
      if (row) graph.add(row, csvRow.faults);
      else if (id !== null) graph.bad.add(id);
    }
    graph.checkParents();
    graph.checkCycles();
  }
  const unreadable = source !== undefined && check.unreadable.has(source.name);
  const rows = inTreeOrder([...graph.rows.values()].filter((row) => !graph.bad.has(row.cat_id)));
  const fresh = rows.filter((row) => !check.stored.categories.has(row.cat_id));
  return {
    rows: fresh,
    skipped: rows.length - fresh.length,
    graphFault: graph.fault || unreadable,
    has: (id) => unreadable || graph.has(id),
  };
}

class Graph {
  /** The first row of each id, in the order of the file. */
  readonly rows = new Map<number, CategoryRow>();
  /** Ids of bad rows. */
  readonly bad = new Set<number>();
  fault = false;
  readonly #codes = new Map<string, number>();
  readonly #findings: Finding[];
  readonly #stored: ReadonlyMap<number, StoredCategory>;
  readonly #leavesOut: boolean;

  constructor(
    check: Check,
    private readonly file: string,
  ) {
    this.#findings = check.findings;
    this.#stored = check.stored.categories;
    this.#leavesOut = check.options.onError === 'report';
    for (const [id, { code, removed }] of this.#stored) if (code !== null && !removed) this.#codes.set(code, id);
  }

  add(row: CategoryRow, faults: RowFaults): void {
    const { cat_id, code, parent_cat_id } = row;
    const first = this.rows.get(cat_id);
    if (first) {
      this.fault = true;
      if (first.parent_cat_id === parent_cat_id) {
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
    const holder = code === null ? undefined : this.#codes.get(code);
    if (code !== null && holder !== undefined && holder !== cat_id) {
      faults.add('code', code, `duplicate code: category ${holder} has it`);
    } else if (code !== null) this.#codes.set(code, cat_id);
    this.rows.set(cat_id, row);
    if (faults.any) this.bad.add(cat_id);
  }

  has(id: number): boolean | 'left out' {
    // What is stored stays what it is, whatever the file says of it.
    if (this.#stored.get(id)?.removed === false) return true;
    if (this.bad.has(id)) return this.#leavesOut ? 'left out' : true;
    return this.rows.has(id);
  }

  checkParents(): void {
    for (const { line, parent_cat_id: parent } of this.rows.values()) {
      if (parent === null) continue;
      const there = this.has(parent);
      if (there === 'left out') this.#fault(line, parent, 'the parent is left out');
      else if (!there)
        this.#fault(line, parent, this.#stored.has(parent) ? 'the parent was removed' : 'unknown parent');
    }
  }

  /** Each cycle is one finding, on the row of it that stands first in the file. */
  checkCycles(): void {
    const settled = new Set<number>();
    for (const start of this.rows.values()) {
      const path: number[] = [];
      const onPath = new Set<number>();
      let row: CategoryRow | undefined = start;
      while (row && !settled.has(row.cat_id) && !onPath.has(row.cat_id)) {
        path.push(row.cat_id);
        onPath.add(row.cat_id);
        row = row.parent_cat_id === null ? undefined : this.rows.get(row.parent_cat_id);
      }
      if (row && onPath.has(row.cat_id)) this.#reportCycle(path.slice(path.indexOf(row.cat_id)));
      for (const id of path) settled.add(id);
    }
  }

  #reportCycle(ids: readonly number[]): void {
    const members = ids.map((id) => this.rows.get(id) as CategoryRow);
    const first = members.reduce((a, b) => (b.line < a.line ? b : a));
    const at = ids.indexOf(first.cat_id);
    const shown = [...ids.slice(at), ...ids.slice(0, at), first.cat_id].map(String);
    const named = shown.length > 12 ? [...shown.slice(0, 10), '…', first.cat_id] : shown;
    this.#fault(first.line, first.parent_cat_id as number, `cycle: ${named.join(' → ')} (each stands below the next)`);
  }

  #fault(line: number, parent: number, message: string): void {
    this.fault = true;
    new RowFaults(this.#findings, this.file, line).add('parent_cat_id', String(parent), message);
  }
}

function compare(row: CategoryRow, stored: StoredCategory, faults: RowFaults): void {
  for (const column of ['code', 'name', 'parent_cat_id'] as const) {
    if (row[column] === stored[column]) continue;
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
