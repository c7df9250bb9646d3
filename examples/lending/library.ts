/** The library as a program has it: one engine over one migrated database, whose log is in the same database. */
import { type Connection, type Engine, openEngine, openLog, postgres, type Vault } from '../../src/engine/index.js';
import { bookEvents } from './events.js';
import { loans } from './loans.js';

const KEEP_AS_OF = { keepSeconds: 3_600, maxBytes: 100 * 1024 * 1024 };
const nothing = (): void => undefined;
const quiet = { info: nothing, warn: nothing, error: nothing };

export interface Library {
  readonly engine: Engine;
  close(): Promise<void>;
}

/** @param vault holds the readers' keys; no event of this example has personal fields, so none is made */
export async function openLibrary(connection: Connection, vault: Vault, log = quiet): Promise<Library> {
  const pool = postgres.createPool(connection, { max: 5, applicationName: 'lending' });
  const store = await openLog(pool);
  // 1. What verification knows of the log: its streams, no claims, nothing outside of the log.
  const streams = { known: { book: bookEvents }, claims: [], references: () => [] };
  const engine = await openEngine({ pool, store, vault, projections: [loans], streams, keepAsOf: KEEP_AS_OF, log });
  // 2. The projectors write the read models until the library is closed.
  const projectors = engine.startProjectors();
  return {
    engine,
    async close(): Promise<void> {
      await projectors.stop();
      await engine.close();
      await store.close();
      await pool.end();
    },
  };
}
