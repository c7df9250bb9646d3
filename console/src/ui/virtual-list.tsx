/** Long lists of rows of one height: only what can be seen is in the page. */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows above and below what can be seen, so that scrolling shows no gap. */
const MARGIN = 12;

interface VirtualListProps<T> {
  readonly rows: readonly T[];
  /** Pixels. */
  readonly rowHeight: number;
  readonly label: string;
  readonly role: 'tree' | 'list';
  /** The row that must stay in sight. */
  readonly shown?: number;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly activeId?: string | undefined;
  readonly children: (row: T, index: number) => ComponentChildren;
}

export function VirtualList<T>(props: VirtualListProps<T>): VNode {
  const { rows, rowHeight, label, role, shown, onKeyDown, activeId, children } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const look = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  useEffect(() => {
    const element = frame.current;
    if (!element || shown === undefined || shown < 0) return;
    const top = shown * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight - element.clientHeight;
  }, [shown, rowHeight]);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - MARGIN);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + MARGIN);
  return (
    <div
      class="virtual"
      style={{ maxHeight: `${Math.max(1, rows.length) * rowHeight}px` }}
      ref={frame}
      role={role}
      aria-label={label}
      aria-activedescendant={activeId}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: `${rows.length * rowHeight}px`, position: 'relative' }}>
        <div role="presentation" class="virtual-window" style={{ top: `${first * rowHeight}px` }}>
          {rows.slice(first, last).map((row, index) => children(row, first + index))}
        </div>
      </div>
    </div>
  );
}
