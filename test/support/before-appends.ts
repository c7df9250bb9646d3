import type { EventStore } from '../../src/engine/core/event-store.js';

/** A store where something happens just before each append; if that fails, nothing is appended. */
export function beforeAppends(store: EventStore, happen: (stream: string) => Promise<unknown>): EventStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name !== 'append') return (target[name as keyof EventStore] as (...a: unknown[]) => unknown).bind(target);
      return async (...args: Parameters<EventStore['append']>) => {
        await happen(args[0]);
        return target.append(...args);
      };
    },
  });
}
