import { decode } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import { handlerOf } from '../projecting/reads.js';
import { derivedContext } from './derived-context.js';
import type { Reaction, Reactor } from './reactor.js';

/** Hands an event that concerns a reactor to its handler. @throws UnreadableEvent, and what the handler throws */
export async function react(reactor: Reactor, recorded: RecordedEvent, work: Omit<Reaction, 'context'>): Promise<void> {
  const handler = handlerOf(reactor, recorded);
  const event = decode(recorded, handler.eventType);
  const context: Reaction['context'] = (purpose = '') => derivedContext({ reactor: reactor.name, event, purpose });
  await handler.react(event, { context, ...work });
}
