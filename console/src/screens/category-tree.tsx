/** The tree as rows of which only those in sight are drawn. Works by keyboard as trees do: arrows, Home, End, Enter. */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { named, number, plural } from '../format.js';
import type { CategoryNode } from '../types.js';
import { VirtualList } from '../ui/virtual-list.js';

const ROW_HEIGHT = 34;
/** Trees of at most this many categories are open from the start. */
const OPEN_UP_TO = 60;

interface Row {
  readonly node: CategoryNode;
  readonly level: number;
  readonly parent: number;
}

interface CategoryTreeProps {
  readonly roots: readonly CategoryNode[];
  /** Totals of today, to show beside those of the past. */
  readonly now?: ReadonlyMap<number, number>;
  readonly selected: number | null;
  readonly onSelect: (catId: number) => void;
}

export function CategoryTree({ roots, now, selected, onSelect }: CategoryTreeProps): VNode {
  const parents = useMemo(() => parentsOf(roots), [roots]);
  const [open, setOpen] = useState<ReadonlySet<number>>(
    () => new Set(parents.size <= OPEN_UP_TO ? parents.keys() : roots.slice(0, 1).map(({ cat_id }) => cat_id)),
  );
  // What was found by a search or a link is shown, however deep it is.
  useEffect(() => {
    if (selected === null) return;
    const above: number[] = [];
    for (let at = parents.get(selected); at !== undefined && at !== 0; at = parents.get(at)) above.push(at);
    if (above.some((catId) => !open.has(catId))) setOpen(new Set([...open, ...above]));
  }, [selected, parents]);
  const rows = useMemo(() => rowsOf(roots, open), [roots, open]);
  const at = rows.findIndex(({ node }) => node.cat_id === selected);
  const toggle = (catId: number, isOpen: boolean): void => {
    const next = new Set(open);
    if (isOpen) next.add(catId);
    else next.delete(catId);
    setOpen(next);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const target = stepTo(event.key, rows, at, open, toggle);
    if (target === null) return;
    event.preventDefault();
    const row = rows[target];
    if (row) onSelect(row.node.cat_id);
  };
  return (
    <>
      <div class="tree-tools">
        <button class="small-button quiet" onClick={() => setOpen(new Set(parents.keys()))}>
          Open all
        </button>
        <button class="small-button quiet" onClick={() => setOpen(new Set())}>
          Close all
        </button>
        <span class="muted small wide-only">{plural(parents.size, 'category', 'categories')}</span>
        <span class="muted small tree-total">{now ? 'then → now' : 'products'}</span>
      </div>
      <VirtualList
        rows={rows}
        rowHeight={ROW_HEIGHT}
        role="tree"
        label="Categories"
        shown={at}
        activeId={at < 0 ? undefined : `category-${selected}`}
        onKeyDown={onKeyDown}
      >
        {({ node, level }) => (
          <div
            key={node.cat_id}
            id={`category-${node.cat_id}`}
            class="tree-row"
            role="treeitem"
            aria-level={level}
            aria-selected={node.cat_id === selected}
            aria-expanded={node.child_categories.length > 0 ? open.has(node.cat_id) : undefined}
            style={{ paddingLeft: `${8 + (level - 1) * 18}px` }}
            onClick={() => onSelect(node.cat_id)}
          >
            <span
              class="tree-arrow"
              aria-hidden="true"
              onClick={(event) => {
                event.stopPropagation();
                toggle(node.cat_id, !open.has(node.cat_id));
              }}
            >
              {node.child_categories.length === 0 ? '' : open.has(node.cat_id) ? '▾' : '▸'}
            </span>
            <span class="tree-name">{named(node.name)}</span>
            <Total node={node} now={now} />
          </div>
        )}
      </VirtualList>
    </>
  );
}

function Total({ node, now }: { node: CategoryNode; now: ReadonlyMap<number, number> | undefined }): VNode {
  if (!now) return <span class="tree-total">{number(node.total_products)}</span>;
  const today = now.get(node.cat_id);
  const change = (today ?? 0) - node.total_products;
  return (
    <span class="tree-total" data-changed={change !== 0}>
      {number(node.total_products)} → {today === undefined ? 'removed' : number(today)}
    </span>
  );
}

/** @returns the row to choose, or null if the key means nothing else here */
function stepTo(
  key: string,
  rows: readonly Row[],
  at: number,
  open: ReadonlySet<number>,
  toggle: (catId: number, isOpen: boolean) => void,
): number | null {
  const row = rows[at];
  if (key === 'ArrowDown') return Math.min(rows.length - 1, at + 1);
  if (key === 'ArrowUp') return Math.max(0, at - 1);
  if (key === 'Home') return 0;
  if (key === 'End') return rows.length - 1;
  if (!row) return null;
  const { cat_id, child_categories } = row.node;
  if (key === 'ArrowRight' && child_categories.length > 0) {
    if (open.has(cat_id)) return at + 1;
    toggle(cat_id, true);
    return at;
  }
  if (key === 'ArrowLeft') {
    if (open.has(cat_id) && child_categories.length > 0) {
      toggle(cat_id, false);
      return at;
    }
    return row.parent === 0 ? at : rows.findIndex(({ node }) => node.cat_id === row.parent);
  }
  return null;
}

/** The parent of every category, 0 above the roots. */
function parentsOf(roots: readonly CategoryNode[]): ReadonlyMap<number, number> {
  const parents = new Map<number, number>();
  const visit = (nodes: readonly CategoryNode[], parent: number): void => {
    for (const { cat_id, child_categories } of nodes) {
      parents.set(cat_id, parent);
      visit(child_categories, cat_id);
    }
  };
  visit(roots, 0);
  return parents;
}

export function totalsOf(roots: readonly CategoryNode[]): ReadonlyMap<number, number> {
  const totals = new Map<number, number>();
  const visit = (nodes: readonly CategoryNode[]): void => {
    for (const { cat_id, total_products, child_categories } of nodes) {
      totals.set(cat_id, total_products);
      visit(child_categories);
    }
  };
  visit(roots);
  return totals;
}

function rowsOf(roots: readonly CategoryNode[], open: ReadonlySet<number>): readonly Row[] {
  const rows: Row[] = [];
  const visit = (nodes: readonly CategoryNode[], level: number, parent: number): void => {
    for (const node of nodes) {
      rows.push({ node, level, parent });
      if (open.has(node.cat_id)) visit(node.child_categories, level + 1, node.cat_id);
    }
  };
  visit(roots, 1, 0);
  return rows;
}
