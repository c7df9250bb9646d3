import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { StreamNotFound, WrongExpectedRevision } from '../core/errors.js';
import type { EventStore } from '../core/event-store.js';
import type { NewEvent } from '../core/message.js';
import { streamName } from '../core/stream.js';

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

/** The id of a log; an unopened one is opened. @throws EventStoreUnavailable */
export async function idOfLog(store: Pick<EventStore, 'append' | 'read'>): Promise<string> {
  const { stream, event } = logOpened(randomUUID());
  try {
    for await (const first of store.read(stream)) return first.data['log_id'] as string;
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
  }
  try {
    await store.append(stream, [event], 'none');
    return event.data['log_id'] as string;
  } catch (error) {
    // Another process was first.
    if (error instanceof WrongExpectedRevision) return idOfLog(store);
    throw error;
  }
}
