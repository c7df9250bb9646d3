import type { Test } from 'tap';
import type { EventPage, SubscribeOptions, Subscription } from '../../../src/engine/core/event-store.js';
import type { NewEvent, RecordedEvent } from '../../../src/engine/core/message.js';
import { EventStoreDb, type EventStoreDbOptions } from '../../../src/engine/log/eventstoredb/store.js';
import { positionOf } from '../../../src/engine/log/eventstoredb/position.js';
import type { Log } from '../stand-in/log.js';
import { type LoggedEvent, type Proposed, systemEvent } from '../stand-in/logged-event.js';
import type { StandInOptions } from '../stand-in/node.js';
import { type StandIn, startStandIn } from '../stand-in/stand-in.js';

export interface OnStandIn {
  readonly server: StandIn;
  readonly store: EventStoreDb;
  /** What the store said that its client did wrong, and its drops. */
  readonly complaints: unknown[];
}

/** A store on a server of its own that does what it is told to; both are gone with the test. */
export async function onStandIn(
  t: Test,
  { log, ...options }: StandInOptions & { readonly log?: Log } = {},
  storeOptions: EventStoreDbOptions = {},
): Promise<OnStandIn> {
  const server = await startStandIn(options, log ? { log } : {});
  const { store, complaints } = storeAt(t, server.url, storeOptions);
  t.teardown(() => server.stop());
  return { server, store, complaints };
}

export function storeAt(t: Test, url: string, options: EventStoreDbOptions = {}): Omit<OnStandIn, 'server'> {
  const complaints: unknown[] = [];
  const store = new EventStoreDb(url, { complain: (error) => complaints.push(error), ...options });
  t.teardown(() => store.close());
  return { store, complaints };
}

/** Events that go straight into the log, without a client. */
export function fill(log: Log, stream: string, count: number, type = 'Counted', size = 0): void {
  for (let n = 0; n < count; n++) {
    log.append(stream, [systemEvent(type, { n, ...(size > 0 ? { text: 'x'.repeat(size) } : {}) })], 'any');
  }
}

export const nameOf = ({ stream, revision }: Pick<LoggedEvent, 'stream'> & { revision: bigint | number }): string =>
  `${stream}@${revision}`;

export interface Following {
  readonly subscription: Subscription;
  readonly seen: RecordedEvent[];
  readonly pages: EventPage[];
  /** Pages whose place was ahead of what had been given. */
  readonly steppedOver: string[];
  /** Settles when it holds; where it never does, the test's own timeout tells. */
  until(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Follows the streams of a prefix, and checks each place that it is told: everything up to it has been given, once. */
export function following(
  t: Test,
  { server, store }: Pick<OnStandIn, 'server' | 'store'>,
  prefix: string,
  options: Partial<SubscribeOptions> & { readonly pause?: () => Promise<unknown> } = {},
): Following {
  const stop = new AbortController();
  const { from = '' as SubscribeOptions['from'], pause, ...rest } = options;
  const subscription = store.subscribe({ filter: { streamPrefixes: [prefix] }, ...rest, from, signal: stop.signal });
  const seen: RecordedEvent[] = [];
  const pages: EventPage[] = [];
  const steppedOver: string[] = [];
  const over = (async (): Promise<void> => {
    for await (const page of subscription) {
      pages.push(page);
      seen.push(...page.events);
      const due = server.events.filter((event) => {
        const position = positionOf(event.position);
        return event.stream.startsWith(prefix) && position > from && position <= page.position;
      });
      if (due.map(nameOf).join() !== seen.map(nameOf).join()) steppedOver.push(`${seen.length} of ${due.length} given`);
      await pause?.();
    }
  })();
  const end = async (): Promise<void> => {
    stop.abort();
    await over;
  };
  t.teardown(end);
  return { subscription, seen, pages, steppedOver, until, stop: end };
}

/** Waits for what is, not for how long. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** As the client would send it. */
export function proposed({ id, type, data, metadata }: NewEvent): Proposed {
  const [json, meta] = [data, metadata].map((value) => Buffer.from(JSON.stringify(value)));
  return { id, type, isJson: true, data: json as Buffer, metadata: meta as Buffer };
}
