import type { CommandContext } from '../engine/index.js';
import { newId } from '../http/new-id.js';

/**
 * What is known of a command that no request and no file has sent.
 * @param kind who sends it: `operator` for the command line, `system` for Orderlog itself
 * @param fingerprint of what it asks for
 */
export function ownContext(kind: 'operator' | 'system', fingerprint: string): CommandContext {
  const commandId = newId();
  return {
    ...{ commandId, fingerprint, correlationId: commandId },
    actor: { kind, id: null },
    now: new Date().toISOString(),
    eventId: newId,
    keyed: false,
  };
}
