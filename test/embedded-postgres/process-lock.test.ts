import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { withProcessLock } from '../../src/embedded-postgres/process-lock.js';

function lockUser(lock: string, file: string, times: number): ChildProcess {
  const program = join(import.meta.dirname, 'lock-user.js');
  return spawn(process.execPath, [program, lock, file, String(times)], { stdio: ['ignore', 'inherit', 'inherit'] });
}

t.test('only one process at a time has the lock', async (t) => {
  const folder = t.testdir({ count: '0' });
  const users = Array.from({ length: 4 }, () => lockUser(join(folder, 'lock'), join(folder, 'count'), 50));
  const codes = await Promise.all(users.map(async (user) => ((await once(user, 'exit')) as [number])[0]));
  t.same(codes, [0, 0, 0, 0]);
  t.equal(readFileSync(join(folder, 'count'), 'utf8'), '200');
});

t.test('only one at a time has it within a process', async (t) => {
  const folder = t.testdir();
  let inside = 0;
  const work = async (): Promise<number> => {
    const now = ++inside;
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside -= 1;
    return now;
  };
  const seen = await Promise.all(Array.from({ length: 10 }, () => withProcessLock(join(folder, 'lock'), work)));
  t.same(seen, Array<number>(10).fill(1));
});

t.test('the lock of a process that was killed is free, also before anybody asked for its exit code', async (t) => {
  const folder = t.testdir({ count: '0' });
  const user = lockUser(join(folder, 'lock'), join(folder, 'count'), 100_000);
  while (Number(readFileSync(join(folder, 'count'), 'utf8')) < 3)
    await new Promise((resolve) => setTimeout(resolve, 20));
  user.kill('SIGKILL');
  t.equal(await withProcessLock(join(folder, 'lock'), () => Promise.resolve(7)), 7);
});

t.test('a process that has the number of the one that was killed is not taken for it', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, 'lock'));
  writeFileSync(join(folder, 'lock/12'), `${process.pid} 1`);
  t.equal(await withProcessLock(join(folder, 'lock'), () => Promise.resolve(7)), 7);
});

t.test('the lock is free after a failure, which is passed on', async (t) => {
  const lock = join(t.testdir(), 'lock');
  await t.rejects(
    withProcessLock(lock, () => Promise.reject(new Error('so be it'))),
    /so be it/,
  );
  t.equal(await withProcessLock(lock, () => Promise.resolve(7)), 7);
});

t.test('a folder deleted meanwhile hurts nobody', async (t) => {
  const folder = t.testdir();
  await withProcessLock(join(folder, 'lock'), () => Promise.resolve(rmSync(join(folder, 'lock'), { recursive: true })));
  t.equal(await withProcessLock(join(folder, 'lock'), () => Promise.resolve(7)), 7);
});
