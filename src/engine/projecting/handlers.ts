/** The handlers of a projection, one for each event type of the categories that it reads. */
import type { EventType, EventTypes, StoredFact } from '../core/event-type.js';
import type { Envelope } from '../core/message.js';
import type { EventHandler, Projection } from './projection.js';

export type Reads = { readonly [category: string]: EventTypes };

export type TypesOf<R extends Reads> = { [C in keyof R]: R[C][keyof R[C]] }[keyof R];

/** Changes the page and nothing else: no I/O, no clock, no randomness. */
type Handle<Page, T extends EventType> = (page: Page, event: Envelope<StoredFact<T>>) => void;

/** By event type. Leaving one out does not compile: what a projection has no use for, it passes over by name. */
export type HandlersOf<Page, R extends Reads> = {
  readonly [Type in TypesOf<R>['type']]: Handle<Page, Extract<TypesOf<R>, { type: Type }>> | 'passed-over';
};

export function handlersOf<Page, R extends Reads>(
  reads: R,
  handlers: HandlersOf<Page, R>,
): Projection<Page>['handlers'] {
  const byName = new Map(Object.entries(handlers as HandlersOf<Page, Reads>));
  const byType: Record<string, EventHandler<Page>> = {};
  for (const eventType of Object.values(reads).flatMap((types) => Object.values(types))) {
    const apply = byName.get(eventType.type);
    if (apply !== undefined && apply !== 'passed-over') byType[eventType.type] = { eventType, apply };
  }
  return byType;
}
