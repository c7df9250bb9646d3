import { v5 as uuidv5 } from 'uuid';
import type { CommandContext } from '../core/stream-access.js';

/** Of all ids that reactors derive. */
const NAMESPACE = '5d2f3c52-2c0e-5a0b-9f0e-4b1e6a7f9c31';

/** What a command of a reactor comes from. */
export interface Cause {
  readonly reactor: string;
  /** The event that it reacts to; null for a sweep. */
  readonly event: { readonly id: string; readonly metadata: { readonly correlation_id: string } } | null;
  readonly purpose: string;
}

/** The context of a command whose ids follow from its cause: sent again, it appends the events that are there already. */
export function derivedContext({ reactor, event, purpose }: Cause): CommandContext {
  const commandId = derived('command', reactor, event?.id ?? '', purpose);
  return {
    commandId,
    fingerprint: '',
    correlationId: event?.metadata.correlation_id ?? commandId,
    ...(event && { causedBy: event.id }),
    actor: { kind: 'system', id: null },
    now: new Date().toISOString(),
    eventId: (stream, index) => derived('event', commandId, stream, String(index)),
    keyed: true,
  };
}

function derived(...parts: readonly string[]): string {
  return uuidv5(JSON.stringify(parts), NAMESPACE);
}
