/** Beside an answer that quarantined keys affect, so that nobody takes it for the whole truth. */
import type { ComponentChildren, VNode } from 'preact';
import type { Degradable } from '../api.js';

interface DegradedNoteProps {
  readonly answer: Degradable | undefined;
  /** What it means for what is shown here. */
  readonly children: (count: number) => ComponentChildren;
}

export function DegradedNote({ answer, children }: DegradedNoteProps): VNode | null {
  const count = Number(answer?.response.headers.get('degraded') ?? 0);
  if (count === 0) return null;
  return (
    <p class="note" data-tone="warn" role="status">
      {children(count)} <a href="/console/read-models#quarantine">See why, and what to do</a>
    </p>
  );
}
