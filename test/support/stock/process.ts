/**
 * A process that sells, on a log in EventStoreDB that others use too. argv[2] is a Selling as JSON; prints its address, and lives until
 * it is killed.
 */
import pg from 'pg';
import { EventStoreDb } from '../../../src/engine/log/eventstoredb/store.js';
import { Namespaced } from '../event-store/namespaced.js';
import { runningApp } from '../running-app.js';

export interface Selling {
  readonly connectionString: string;
  readonly dataDir: string;
  readonly url: string;
  readonly namespace: string;
  readonly projectors: boolean;
}

const { connectionString, dataDir, url, namespace, projectors } = JSON.parse(process.argv[2] ?? '') as Selling;
const owner = {
  teardown: (): void => undefined,
  fail: (...messages: unknown[]): boolean => {
    throw new Error(messages.map(String).join(' '));
  },
};
const { http } = await runningApp(owner, {
  database: { connectionString, config: { connectionString }, pool: new pg.Pool({ connectionString }) },
  store: new Namespaced(new EventStoreDb(url), namespace),
  ...{ dataDir, projectors },
});
console.log(`selling at ${http.url}`);
