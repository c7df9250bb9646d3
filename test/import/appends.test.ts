import t from 'tap';
import type { Test } from 'tap';
import { noProgress } from '../../src/commands/progress.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../src/engine/log/memory.js';
import { type RunningApp, runningApp } from '../support/running-app.js';
import { folder, good } from './folder.js';

const EVENTS = 3 + 4 + 4 + 3;

/** A log that notes which streams are read, and which appends ask whether their ids were there. */
function noted(): { readonly store: EventStore; readonly read: string[]; readonly asked: string[] } {
  const [read, asked]: [string[], string[]] = [[], []];
  const store = new Proxy<EventStore>(new MemoryEventStore(), {
    get(target, name) {
      const value: unknown = target[name as keyof EventStore];
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const [stream, , , options] = args as Parameters<EventStore['append']>;
        if (name === 'read') read.push(stream);
        if (name === 'append' && options?.derivedIds) asked.push(stream);
        return (value as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { store, read, asked };
}

function importer(t: Test, { runtime }: RunningApp): () => Promise<number> {
  const dir = folder(t, good);
  return async () => {
    const signal = new AbortController().signal;
    const result = await runtime.import(dir, { dryRun: false, onError: 'stop', progress: noProgress, signal });
    t.same([...result.findings], []);
    return result.appended;
  };
}

t.test('new products, users and orders cost their appends and nothing else', async (t) => {
  const { store, read, asked } = noted();
  const run = importer(t, await runningApp(t, { store, projectors: false }));
  read.length = 0;
  t.equal(await run(), EVENTS);
  t.same(
    read.filter((stream) => !stream.startsWith('categoryTree-')),
    [],
    'no stream is read',
  );
  t.same(asked, [], 'no append reads what it has written');
  t.equal(await run(), 0, 'the next run finds all of it');
});

t.test('of two runs at once each row is recorded once', async (t) => {
  const { store } = noted();
  const run = importer(t, await runningApp(t, { store, projectors: false }));
  const appended = await Promise.all([run(), run()]);
  t.equal(appended[0] + appended[1], EVENTS);
  let count = 0;
  for await (const event of store.readAll()) if (!event.stream.startsWith('log-')) count++;
  t.equal(count, EVENTS);
});
