import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import type { Test } from 'tap';
import t from 'tap';
import { testDatabase, type TestDatabase } from '../support/database.js';
import {
  orderlog,
  ready,
  type Serving,
  serving,
  type Settings,
  settingsFor,
  temporaryFolder,
  until,
} from '../support/orderlog.js';
import { writeShop } from '../support/shop-folder.js';
import { asOfSchemas } from '../support/as-of-builds.js';

const PATIENT = { headers: { prefer: 'wait=30' } };

async function shop(t: Test): Promise<{ database: TestDatabase; settings: Settings; server: Serving; path: string }> {
  const database = await testDatabase(t);
  const folder = temporaryFolder(t);
  const settings = settingsFor(database, `${folder}/data`);
  const files = await writeShop(`${folder}/shop`, { products: 50, users: 20, orders: 300 });
  t.equal((await orderlog(settings, 'import', files)).code, 0);
  const point = new Date(Date.now() - 1).toISOString();
  const server = await serving(t, settings);
  await ready(server.url);
  return { database, settings, server, path: `/v1/orders?limit=1&as_of=${point}` };
}

/** The processes that a server has started to make as-of builds. */
function builders({ pid }: Serving): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const isChild = stat.slice(stat.lastIndexOf(')')).split(' ')[2] === String(pid);
      return isChild && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('as-of-builder') ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

void t.test('as-of builds are made by another process, which gives way and ends with the server', async (t) => {
  const { server, settings, path, database } = await shop(t);
  const other = await serving(t, settings, '--api-only');
  // 1. Two servers are asked at once: one build.
  const answers = await Promise.all([server, other].map(({ url }) => fetch(`${url}${path}`, PATIENT)));
  t.same(
    answers.map(({ status }) => status),
    [200, 200],
  );
  t.same(await answers[0]?.json(), await answers[1]?.json());
  t.equal((await asOfSchemas(database.pool)).length, 1);
  const [builder = 0] = [...builders(server), ...builders(other)];
  t.ok(builder > 0 && getPriority(builder) > 0, 'it gives way');
  t.match(readFileSync(`/proc/${builder}/cmdline`, 'utf8'), '--max-old-space-size');
  t.notMatch(readFileSync(`/proc/${builder}/cmdline`, 'utf8'), 'postgres:', 'and shows no password');
  // 2. A signal to the group does not end it, the end of its parent does, however that ends.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(builder, name);
  const again = await fetch(`${server.url}/v1/categories?as_of=${path.split('as_of=')[1]}`, PATIENT);
  t.equal(again.status, 200);
  t.ok(isRunning(builder));
  const all = [...builders(server), ...builders(other)];
  await server.stop('SIGKILL');
  t.equal(await other.stop(), 0);
  await until(() => !all.some(isRunning));
});

void t.test('a build whose process is killed is begun again', async (t) => {
  const { server, path, database } = await shop(t);
  const holder = await database.pool.connect();
  // 1. The build waits where it makes its schema.
  await holder.query('begin; lock table orderlog.as_of_builds in share mode');
  const answer = fetch(`${server.url}${path}`, PATIENT);
  let first = 0;
  await until(() => (first = builders(server)[0] ?? 0) > 0);
  process.kill(first, 'SIGKILL');
  await until(() => builders(server).some((pid) => pid !== first));
  await holder.query('rollback');
  holder.release();
  t.equal((await answer).status, 200);
  // 2. Nothing is left of the one that was killed.
  t.equal((await asOfSchemas(database.pool)).length, 1);
  t.match(server.output(), 'begun again');
});
