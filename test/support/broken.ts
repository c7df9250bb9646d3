import type { EventHandler, AnyProjection } from '../../src/engine/projecting/projection.js';

/** The projection with code that fails at these events, each `<stream>@<revision>`, on both its paths. */
export function broken(projection: AnyProjection, events: readonly string[]): AnyProjection {
  const handlers = failing(projection.handlers, events);
  const { bulk } = projection;
  return {
    ...projection,
    handlers,
    ...(bulk?.handlers && { bulk: { ...bulk, handlers: failing(bulk.handlers, events) } }),
  };
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
