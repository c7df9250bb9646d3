/**
 * The published peer: Emmett on Postgres. The same route with the same validation; its CommandHandler decides, and its inline
 * projection writes order and lines as rows in the transaction of the append, by prepared statements.
 *
 * Run as a process of its own: argv[2] is the pg configuration as JSON, argv[3] the folder in which Emmett is installed
 * (bench/rows/emmett.ts); prints `listening <port>`.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type pg from 'pg';
import {
  columnsOf,
  factsOf,
  INSERT_LINES,
  listen,
  orderBody,
  orderOf,
  type PlacedOrder,
  POOL_SIZE,
  serviceOf,
} from './service.js';

interface Placed {
  readonly type: 'OrderPlaced';
  readonly data: PlacedOrder;
}

interface State {
  readonly status: 'none' | 'placed';
}

/** What is used of Emmett: it is no dependency, so its own types are not there. */
interface Emmett {
  readonly CommandHandler: (rules: {
    evolve: (state: State, event: Placed) => State;
    initialState: () => State;
  }) => (
    store: Store,
    id: string,
    handle: (state: State) => Placed,
    options: { expectedStreamVersion: 'STREAM_DOES_NOT_EXIST' },
  ) => Promise<unknown>;
  readonly projections: { readonly inline: (list: readonly unknown[]) => readonly unknown[] };
}

interface Store {
  readonly schema: { readonly migrate: () => Promise<unknown> };
  readonly close: () => Promise<void>;
}

interface EmmettPostgres {
  readonly getPostgreSQLEventStore: (connection: string, options: object) => Store;
  readonly postgreSQLProjection: (definition: {
    name: string;
    canHandle: readonly string[];
    handle: (
      events: readonly Placed[],
      context: { readonly connection: { readonly client: pg.PoolClient } },
    ) => Promise<void>;
  }) => unknown;
}

const SCHEMA = `
  CREATE TABLE orders (order_id uuid PRIMARY KEY, user_id uuid NOT NULL, status text NOT NULL, currency text NOT NULL,
    total bigint NOT NULL, placed_at timestamptz NOT NULL);
  CREATE INDEX ON orders (user_id, placed_at DESC);
  CREATE INDEX ON orders (status, placed_at DESC);
  CREATE TABLE order_lines (order_id uuid NOT NULL, line int NOT NULL, product_id int NOT NULL, sku text NOT NULL,
    name text NOT NULL, quantity int NOT NULL, unit_price bigint NOT NULL, PRIMARY KEY (order_id, line));
  CREATE INDEX ON order_lines (product_id);
`;

async function main(): Promise<void> {
  const [, , connection = '{}', folder = ''] = process.argv;
  const config = JSON.parse(connection) as pg.PoolConfig;
  const installed = createRequire(join(folder, 'package.json'));
  const load = async (name: string): Promise<unknown> => import(pathToFileURL(installed.resolve(name)).href);
  // It asks whether the pool is one of its own copy of pg.
  const own = installed('pg') as typeof pg;
  const { CommandHandler, projections } = (await load('@event-driven-io/emmett')) as Emmett;
  const { getPostgreSQLEventStore, postgreSQLProjection } = (await load(
    '@event-driven-io/emmett-postgresql',
  )) as EmmettPostgres;

  const pool = new own.Pool({ ...config, max: POOL_SIZE });
  const app = await serviceOf(pool);
  await pool.query(SCHEMA);
  const orders = postgreSQLProjection({
    name: 'orders',
    canHandle: ['OrderPlaced'],
    handle: async (events, { connection: { client } }) => {
      for (const { data } of events) {
        const { order_id, user_id, currency, total, placed_at } = data;
        await client.query({
          name: 'order',
          text: `INSERT INTO orders VALUES ($1, $2, 'placed', $3, $4, $5)`,
          values: [order_id, user_id, currency, total, placed_at],
        });
        await client.query({ name: 'lines', text: INSERT_LINES, values: columnsOf(data) });
      }
    },
  });
  const store = getPostgreSQLEventStore(urlOf(config), {
    projections: projections.inline([orders]),
    connectionOptions: { pool },
  });
  await store.schema.migrate();
  const handle = CommandHandler({
    initialState: () => ({ status: 'none' }),
    evolve: () => ({ status: 'placed' }),
  });

  app.post('/v1/orders', { schema: { body: orderBody } }, async (request, reply) => {
    const order = orderOf(request.body, await factsOf(pool, request.body));
    const decide = ({ status }: State): Placed => {
      if (status !== 'none') throw new Error('the order is there already');
      return { type: 'OrderPlaced', data: order };
    };
    await handle(store, `order-${order.order_id}`, decide, { expectedStreamVersion: 'STREAM_DOES_NOT_EXIST' });
    return reply.status(201).header('Location', `/v1/orders/${order.order_id}`).send({ data: order });
  });

  await listen(app, async () => {
    await store.close();
    await pool.end();
  });
}

/** For what Emmett does beside the pool. */
function urlOf({ user = '', password = '', host = '', port = 5432, database = '' }: pg.PoolConfig): string {
  const secret = typeof password === 'string' ? password : '';
  const [name, word, at] = [user, secret, host].map(encodeURIComponent) as [string, string, string];
  return `postgresql://${name}:${word}@/${database}?host=${at}&port=${port}`;
}

await main();
