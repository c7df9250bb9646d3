import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { withProcessLock } from '../../src/embedded-postgres/process-lock.js';
import { ended, serving, settingsFor, start, temporaryFolder, until } from '../support/orderlog.js';
import { testDatabase } from '../support/database.js';
import { userForm } from '../support/running-app.js';

/** Five seconds are promised; without them it is five minutes, and tests run where the machine is busy. */
const SOON_MS = 60_000;

t.test('whatever a command waits for at its start, a signal ends it', async (t) => {
  const data = temporaryFolder(t);
  const settings = { ORDERLOG_DATA_DIR: data, SEED: 'none', AUTH: 'none', PORT: '0' };
  const commands = [['serve'], ['migrate'], ['import', data], ['rebuild'], ['verify']];
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGTERM', 'SIGINT'] as const;
  // As long as another process makes the database, and that is never done.
  await withProcessLock(join(data, 'postgres.lock'), async () => {
    await Promise.all(
      commands.map(async (command, n) => {
        const child = start(settings, ...command);
        const end = ended(child);
        await sleep(3_000);
        const begun = Date.now();
        child.kill(signals[n]);
        const { code, stderr } = await end;
        t.ok(Date.now() - begun < SOON_MS, `${command.join(' ')}: ${Date.now() - begun} ms`);
        // One that had not yet come to its wait dies of the signal.
        t.ok([0, 1, null].includes(code), `${command.join(' ')} ended with ${code}: ${stderr}`);
      }),
    );
  });
});

t.test('a start that waits for a database which says nothing ends with a signal', async (t) => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  t.teardown(() => mute.close());
  const { port } = mute.address() as AddressInfo;
  const settings = settingsFor({ connectionString: `postgres://127.0.0.1:${port}/x` }, temporaryFolder(t));
  const connected = once(mute, 'connection');
  const child = start(settings, 'serve');
  const end = ended(child);
  await connected;
  const begun = Date.now();
  child.kill('SIGTERM');
  t.not((await end).code, null, 'in order');
  t.ok(Date.now() - begun < SOON_MS, `${Date.now() - begun} ms`);
});

t.test('signals to the whole group, once and again, blame no document and leave no child', async (t) => {
  const database = await testDatabase(t);
  const settings = settingsFor(database, temporaryFolder(t));
  const { url, pid, stop, output } = await serving(t, settings);
  // Under way when the signals come: the first PDF also starts the process that checks it.
  const uploads = [1, 2].map((n) =>
    fetch(`${url}/v1/users`, { method: 'POST', body: userForm('Ada', `ada${n}@example.org`) })
      .then((answer) => answer.status)
      // Where the machine is so busy that three seconds do not do, its connection is closed.
      .catch(() => 503),
  );
  await until(() => childrenOf(pid).length > 0, 60_000);
  const children = childrenOf(pid);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    for (const one of [pid, ...children]) signalTo(one, signal);
    await sleep(50);
  }
  const statuses = await Promise.all(uploads);
  t.same(
    statuses.filter((status) => ![201, 503].includes(status)),
    [],
    statuses.join(', '),
  );
  const code = await stop();
  // The same busy machine: what was cut off is told.
  t.ok(code === 0 || (code === 1 && output().includes('work under way did not end in time')), `${code}: ${output()}`);
  await until(() => !children.some((one) => stateOf(one) !== null));
});

t.test('requests are answered, and the process ends, even if nobody reads its log', async (t) => {
  const database = await testDatabase(t);
  const settings = { ...settingsFor(database, temporaryFolder(t)), LOG_LEVEL: 'trace', LOG_FORMAT: 'json' };
  const child = start(settings, 'serve');
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  const read = (piece: Buffer): void => {
    output += piece.toString();
  };
  child.stdout?.on('data', read);
  const greeted = (): string | undefined => /try +curl -s (http:\/\/[^/\s]+)/.exec(output)?.[1];
  await until(() => greeted() !== undefined, 120_000);
  const url = greeted() ?? '';
  child.stdout?.off('data', read).pause();
  const longId = 'a'.repeat(120);
  // More lines than a pipe holds.
  for (let n = 0; n < 500; n++) {
    const answer = await fetch(`${url}/health/live`, { headers: { 'x-request-id': longId } });
    await answer.arrayBuffer();
    if (!answer.ok) t.equal(answer.status, 200);
  }
  child.stdout?.destroy();
  await until(async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^orderlog_log_lines_lost_total (\d+)$/m.exec(metrics)?.[1]) > 0;
  });
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  t.same(await exit, [0, null]);
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** From /proc/…/stat: state and parent; null if there is no such process, or it has ended. */
function stateOf(pid: number): { readonly parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? null : { parent: Number(parent) };
  } catch {
    return null;
  }
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => stateOf(pid)?.parent === parent);
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
