import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import { EventStoreDb, type EventStoreDbOptions } from '../../../src/engine/log/eventstoredb/store.js';
import { standIn } from '../stand-in/stand-in.js';
import type { LogUnderTest } from './case.js';
import { tcpProxy, type TcpProxy } from './tcp-proxy.js';

/** A real server, one node or a cluster; without it the stand-in serves. */
export const TEST_EVENTSTORE_URL = process.env['TEST_EVENTSTORE_URL'] || null;

export interface EventStoreDbUnderTest extends LogUnderTest {
  readonly store: EventStoreDb;
  another(options?: EventStoreDbOptions): EventStoreDb;
  readonly url: string;
  /** Between the stores and the server; null where the nodes of a cluster are spoken to directly. */
  readonly proxy: TcpProxy | null;
}

/** Stores on one server, closed with the test. */
export async function eventStoreDbLog(t: Test): Promise<EventStoreDbUnderTest> {
  const { url, proxy } = await throughProxy(t, TEST_EVENTSTORE_URL ?? (await standIn(t)).url);
  const stores: EventStoreDb[] = [];
  const another = (options: EventStoreDbOptions = {}): EventStoreDb => {
    const store = new EventStoreDb(url, options);
    stores.push(store);
    return store;
  };
  t.teardown(() => Promise.all(stores.map((store) => store.close())));
  return { store: another(), another, disconnect: async () => proxy?.cut(), url, proxy };
}

/** Of one node; the nodes of a cluster tell their own addresses, which lead around any proxy. */
async function throughProxy(t: Test, url: string): Promise<{ url: string; proxy: TcpProxy | null }> {
  const found = /^(esdb:\/\/(?:[^@/]*@)?)([^:/,]+):(\d+)(\/?\?.*)?$/.exec(url);
  if (!found) return { url, proxy: null };
  const [, scheme = '', host = '', port = '', rest = ''] = found;
  const proxy = await tcpProxy(t, Number(port), host);
  return { url: `${scheme}127.0.0.1:${proxy.port}${rest}`, proxy };
}

/** Before every stream's name, so that a test has a log of its own on whatever server. */
export function freshNamespace(): string {
  return `t${randomUUID().replaceAll('-', '')}-`;
}
