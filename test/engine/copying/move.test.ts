import t from 'tap';
import { bindToLog, logIdentity } from '../../../src/engine/log/log-identity.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { copyBackResult, copyLogResult } from '../../../src/commands/copy-log.js';
import { noProgress } from '../../../src/commands/progress.js';
import { movesOver } from '../../support/engine-parts.js';
import { contentOf, event, history, type Installation, installation, seeded } from './logs.js';

const options = { progress: noProgress };

function otherServer(): MemoryEventStore {
  return Object.defineProperty(new MemoryEventStore(), 'kind', { value: 'eventstoredb' });
}

async function readModels({ pool }: Installation): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_namespace WHERE nspname LIKE 'rm\\_%'`,
  );
  return rows[0]?.n ?? -1;
}

async function moved(t: Parameters<typeof installation>[0]): Promise<Installation & { target: MemoryEventStore }> {
  const from = await installation(t);
  await from.write(history(50, seeded(4)));
  await from.pool.query(`CREATE SCHEMA rm_users_v1; CREATE SCHEMA rm_users_v2; CREATE TABLE rm_users_v1.users ();
    INSERT INTO orderlog.checkpoints (model, build, position) VALUES ('users', 1, '00ff')`);
  const target = otherServer();
  const { document, text, exitCode } = await copyLogResult(from, target, options);
  t.equal(exitCode, 0);
  t.match(document, {
    moved: true,
    from: { kind: 'postgres' },
    to: { kind: 'eventstoredb', log_id: await target.logId() },
  });
  t.match(text, /Set EVENTSTORE_URL/);
  return Object.assign(from, { target });
}

t.test('when the copy is complete and compared, the database belongs to it and its read models are gone', async (t) => {
  const { database, ...from } = await moved(t);
  const { pool, target, store } = from;
  t.same(await contentOf(target), await contentOf(store));
  t.match(await logIdentity(pool), { kind: 'eventstoredb', log_id: await target.logId() });
  t.equal(await readModels({ database, ...from }), 0);
  t.equal((await pool.query('SELECT FROM orderlog.checkpoints')).rowCount, 0);

  await t.rejects(
    bindToLog(pool, store),
    { name: 'WrongLog', message: /set EVENTSTORE_URL to it/ },
    'the old log is refused',
  );
  t.equal(await bindToLog(pool, target), await target.logId());
  const late = new PostgresEventStore(pool, database.config, { giveUpAfterMs: 100 });
  t.teardown(() => late.close());
  await t.rejects(late.append('order-1', [event()], 'any'), { message: /the log was moved to another server/ });
  await t.rejects(copyLogResult({ ...from, engine: movesOver({ ...from, store: target }) }, target, options), {
    name: 'WrongUse',
  });
});

t.test('what was written while it was copied is copied too, and compared again', async (t) => {
  const from = await installation(t);
  await from.write(history(50, seeded(5)));
  const target = otherServer();
  let late: Promise<void> | null = null;
  const progress = {
    ...noProgress,
    start: (what: string) => void (what === 'comparing' && (late ??= from.write([['order-late', [event()]]]))),
    stop: () => undefined,
  };
  const readAll = target.readAll.bind(target);
  target.readAll = async function* (...args): ReturnType<typeof readAll> {
    await late;
    yield* readAll(...args);
  };
  const { document } = await copyLogResult(from, target, { progress });
  t.match(document, { moved: true });
  t.same((await contentOf(target)).at(-1)?.stream, 'order-late');
  t.same(await contentOf(target), await contentOf(from.store));
});

t.test('it is refused while other processes work with the database, and leaves all as it is', async (t) => {
  const from = await installation(t);
  await from.write(history(5, seeded(6)));
  const other = createPool(from.database.config, { max: 1, applicationName: 'orderlog' });
  await other.query('SELECT 1');
  const target = otherServer();
  await t.rejects(copyLogResult(from, target, options), {
    message: /connected.*1 of orderlog .*since.*stop them first/,
  });
  t.match(await logIdentity(from.pool), { kind: 'postgres' });
  await other.end();
  const late = createPool(from.database.config, { max: 1, applicationName: 'orderlog' });
  let connected: Promise<unknown> | null = null;
  const store = new Proxy(from.store, {
    get(log, name) {
      if (name === 'head') return () => (connected ??= late.query('SELECT 1')).then(() => log.head());
      const value: unknown = Reflect.get(log, name);
      return typeof value === 'function' ? (value as () => unknown).bind(log) : value;
    },
  });
  await t.rejects(
    copyLogResult({ ...from, engine: movesOver({ ...from, store }) }, target, options),
    { message: /stop them first/ },
    'also at the end',
  );
  await (connected as Promise<unknown> | null);
  await late.end();
  t.match(await logIdentity(from.pool), { kind: 'postgres' });
  await from.write([['order-1', [event()]]]);
  t.match((await copyLogResult(from, target, options)).document, { moved: true, appended: 1 }, 'then it goes on');
});

t.test('two of them do not work at once', async (t) => {
  const from = await installation(t);
  await from.write(history(100, seeded(7)));
  const results = await Promise.allSettled(
    [otherServer(), otherServer()].map((one) => copyLogResult(from, one, options)),
  );
  t.same(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const refused = results.find((one) => one.status === 'rejected');
  t.match(refused?.reason, { message: /another process copies or restores the log/ });
});

t.test('a server that holds another installation is refused with what to do', async (t) => {
  const from = await installation(t);
  await from.write(history(5, seeded(8)));
  const target = otherServer();
  await target.append('order-1', [event()], 'none');
  await t.rejects(copyLogResult(from, target, options), { message: /name a server without such streams/ });
  t.match(await logIdentity(from.pool), { kind: 'postgres' });
});

t.test('as long as nothing was written since, there is a way back', async (t) => {
  const from = await moved(t);
  const { pool, target, database } = from;
  const on = { ...from, engine: movesOver({ ...from, store: target }) };
  const table = new PostgresEventStore(pool, database.config);
  t.teardown(() => table.close());
  await t.rejects(copyBackResult(from, options), { name: 'WrongUse' }, 'the table is not what it runs on');
  await pool.query(`INSERT INTO orderlog.checkpoints (model, build, position) VALUES ('users', 1, 'ff')`);
  t.match((await copyBackResult(on, options)).document, { moved: true, to: { kind: 'postgres' } });
  t.equal((await pool.query('SELECT FROM orderlog.checkpoints')).rowCount, 0);
  t.equal(await bindToLog(pool, table), await table.logId());
  await from.write([['order-1', [event()]]]);
  t.match((await copyLogResult(from, target, options)).document, { moved: true, appended: 1 }, 'and forth again');

  await target.append('order-new', [event()], 'none');
  await t.rejects(copyBackResult(on, options), { message: /would lose what was written since.*order-new/ });
  t.match(await logIdentity(pool), { kind: 'eventstoredb' });
});
