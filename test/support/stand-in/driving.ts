/** What the stand-in's own tests do with the client. */
import { type AllStreamSubscription, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import type { AllStreamResolvedEvent, JSONEventData, ResolvedEvent } from '@eventstore/db-client';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';

/** A client that is gone with the test. */
export function connect(t: Test, url: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(url);
  t.teardown(() => Promise.race([client.dispose(), delay(500, undefined, { ref: false })]));
  return client;
}

export function some(count: number): JSONEventData[] {
  return Array.from({ length: count }, (_, n) => jsonEvent({ type: 'Counted', data: { n } }));
}

type Read = ResolvedEvent | AllStreamResolvedEvent;

const nameOf = ({ event }: Read): string => `${event?.streamId}@${event?.revision}`;

export async function streamOf(events: AsyncIterable<Read>): Promise<string[]> {
  const names: string[] = [];
  for await (const read of events) names.push(nameOf(read));
  return names;
}

export async function failureOf(promise: Promise<unknown>): Promise<Error & { readonly type?: string }> {
  return promise.then(
    () => new Error('there was no error'),
    (error: unknown) => error as Error,
  );
}

/** Everything that a subscription says, in order. */
export interface Followed {
  readonly subscription: AllStreamSubscription;
  readonly seen: string[];
  /** Settles with all of it when it has said so much. */
  until(count: number): Promise<string[]>;
}

export function follow(t: Test, subscription: AllStreamSubscription): Followed {
  const seen: string[] = [];
  subscription.on('data', (read) => seen.push(nameOf(read)));
  // The types of the client do not know of it.
  (subscription as NodeJS.EventEmitter).on('caughtUp', () => seen.push('caught up'));
  subscription.on('error', (error: Error & { code?: number }) => seen.push(`error ${error.code}`));
  subscription.on('end', () => seen.push('end'));
  subscription.on('close', () => seen.push('close'));
  t.teardown(() => subscription.unsubscribe());
  const until = async (count: number): Promise<string[]> => {
    while (seen.length < count) await delay(5);
    return seen;
  };
  return { subscription, seen, until };
}
