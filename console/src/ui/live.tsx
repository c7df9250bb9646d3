/** Whether new events come by themselves. */
import type { VNode } from 'preact';
import type { Tail } from '../use-tail.js';

export function Live({ tail, isPaused }: { tail: Tail; isPaused?: boolean }): VNode {
  const { isConnected, isRefused } = tail;
  return (
    <span class="live" data-on={isConnected} role="status">
      {isConnected ? 'Live' : isPaused ? 'Paused' : isRefused ? 'Not live' : 'Connecting…'}
    </span>
  );
}
