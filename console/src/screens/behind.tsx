/** Two cells of a table: how far a read model is behind, and what is quarantined in it. */
import type { VNode } from 'preact';
import { number, plural, seconds } from '../format.js';
import type { ModelStatus } from './status.js';

interface BehindProps {
  readonly model: ModelStatus;
  /** Of the quarantined keys. */
  readonly href: string;
}

export function Behind({ model: { lag_events, lag_seconds, quarantined }, href }: BehindProps): VNode {
  return (
    <>
      {lag_events === 0 ? (
        <td class="number none">–</td>
      ) : (
        <td class="number" data-label="Behind">
          {plural(lag_events, 'event')}, {seconds(lag_seconds)}
        </td>
      )}
      {quarantined === 0 ? (
        <td class="number none">–</td>
      ) : (
        <td class="number" data-label="Quarantined">
          <a href={href}>{number(quarantined)}</a>
        </td>
      )}
    </>
  );
}
