import { randomUUID } from 'node:crypto';
import type { CommandContext } from '../../src/engine/core/command-handler.js';

/** What the edge would know of a command; `key` makes it a keyed one whose event ids follow from the key. */
export function testContext(over: Partial<CommandContext> & { key?: string } = {}): CommandContext {
  const { key, ...rest } = over;
  return {
    commandId: key ?? randomUUID(),
    fingerprint: 'same',
    correlationId: 'test',
    actor: { kind: 'clerk', id: 'k-1' },
    now: new Date().toISOString(),
    keyed: key !== undefined,
    eventId: (stream, index) => {
      if (key === undefined) return randomUUID();
      const place = `${key} ${stream} ${index}`;
      const id = derived.get(place) ?? randomUUID();
      derived.set(place, id);
      return id;
    },
    ...rest,
  };
}

/** Keyed ids are the same in every context of the same key. */
const derived = new Map<string, string>();
