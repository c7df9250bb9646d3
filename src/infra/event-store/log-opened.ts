import { v7 as uuidv7 } from 'uuid';
import type { NewEvent } from '../../core/message.js';
import { streamName } from '../../core/stream.js';

/** The first event of every log: it gives the log its id. */
export function logOpened(logId: string): { readonly stream: string; readonly event: NewEvent } {
  const id = uuidv7();
  return {
    stream: streamName('log', 'main'),
    event: {
      id,
      type: 'LogOpened',
      data: { log_id: logId, opened_at: new Date().toISOString() },
      metadata: {
        schema_version: 1,
        command_id: id,
        fingerprint: '',
        correlation_id: id,
        causation_id: id,
        actor: { kind: 'system', id: null },
      },
    },
  };
}
