import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { clusterOf } from '../../src/embedded-postgres/place.js';
import { endLeftRunning } from '../support/left-running.js';
import { until } from '../support/orderlog.js';

const RETRIES = 20;

t.test('an interrupted benchmark stops its database, deletes its folder and exits with 130', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'interrupted-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: RETRIES }));
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bench/rebuild.js'), '100000000'], {
    env: { PATH: '/usr/bin:/bin', TMPDIR: folder },
    stdio: 'ignore',
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  // Where the server's user can't reach the folder, as under root, the cluster lies elsewhere.
  let cluster = '';
  await until(() => {
    cluster = clusterOf(join(folder, readdirSync(folder)[0] ?? ''));
    return existsSync(join(cluster, 'postmaster.pid'));
  }, 60_000);
  child.kill('SIGINT');
  t.same(await ended, [130, null]);
  t.same(await endLeftRunning(folder), []);
  t.same(readdirSync(folder), []);
  t.notOk(existsSync(cluster));
});
