import type { EventHandler, AnyProjection } from '../../src/engine/projecting/projection.js';

/** The projection with code that fails at these events, each `<stream>@<revision>`. */
export function broken(projection: AnyProjection, events: readonly string[]): AnyProjection {
  return { ...projection, handlers: failing(projection.handlers, events) };
}

function failing<Page>(
  handlers: Readonly<Record<string, EventHandler<Page>>>,
  events: readonly string[],
): Record<string, EventHandler<Page>> {
  const failingOne = ({ eventType, apply }: EventHandler<Page>): EventHandler<Page> => ({
    eventType,
    apply(page, event): void {
      if (events.includes(`${event.stream}@${event.revision}`))
        throw new Error(`${event.type} is too much for this code`);
      apply(page, event);
    },
  });
  return Object.fromEntries(Object.entries(handlers).map(([type, handler]) => [type, failingOne(handler)]));
}
