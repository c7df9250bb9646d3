import type { EventPage, Subscription } from '../core/event-store.js';

/** The subscription of a log that announces whatever is appended: it is always told of at once, and nothing can drop. */
export function unconnected(pages: AsyncIterable<EventPage>): Subscription {
  return { [Symbol.asyncIterator]: () => pages[Symbol.asyncIterator](), reach: () => undefined, state: () => null };
}
