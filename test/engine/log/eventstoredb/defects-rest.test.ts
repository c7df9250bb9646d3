/** Page 4, rows 14 and 15: streams and events that are not as ours are, and an end in time whatever is under way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { collect, failure, newEvent, numbered, revisions } from '../../../support/event-store/case.js';
import { fill, following, onStandIn, until } from '../../../support/event-store/on-stand-in.js';
import { connect } from '../../../support/stand-in/driving.js';
import { standInCluster } from '../../../support/stand-in/cluster.js';
import { standIn } from '../../../support/stand-in/stand-in.js';

t.setTimeout(300_000);

void t.test('a stream that was deleted is not there, and what is appended to it goes on behind', async (t) => {
  const { server, store } = await onStandIn(t);
  await store.append('order-1', numbered(3), 'none');
  await connect(t, server.url).deleteStream('order-1');
  t.match(await failure(collect(store.read('order-1'))), { name: 'StreamNotFound' });
  t.match(await store.append('order-1', numbered(2), 'any'), { revision: 4 });
  server.faults.add('append', 'apply-and-drop');
  t.match(await store.append('order-1', [newEvent()], 'any'), { revision: 5 });
  t.same(await revisions(store, 'order-1'), [3, 4, 5]);
});

void t.test('a stream that ended for ever is a typed error, to read and to append', async (t) => {
  const { server, store } = await onStandIn(t);
  await store.append('order-1', numbered(3), 'none');
  await connect(t, server.url).tombstoneStream('order-1');
  t.match(await failure(collect(store.read('order-1'))), { name: 'StreamNotFound' });
  for (const expected of ['any', 'none', 2] as const) {
    t.match(await failure(store.append('order-1', [newEvent()], expected)), { name: 'StreamNotFound' });
  }
});

void t.test(
  'a truncated stream is read from its first event left, and takes appends even if none is left',
  async (t) => {
    const { server, store } = await onStandIn(t);
    await store.append('order-1', numbered(5), 'none');
    server.truncate('order-1', 3);
    t.same(await revisions(store, 'order-1'), [3, 4]);
    server.truncate('order-1', 5);
    t.match(await store.append('order-1', [newEvent()], 'any'), { revision: 5 });
    t.match(await failure(store.append('order-1', [newEvent()], 'none')), { name: 'WrongExpectedRevision', actual: 5 });
    t.same(await revisions(store, 'order-1'), [5]);
  },
);

void t.test(
  'records of the system and events without JSON stop nobody, and no event of ours is passed over',
  async (t) => {
    const on = await onStandIn(t);
    const { server, store } = on;
    server.put('$users', { type: '$User' });
    await store.append('order-1', numbered(1), 'none');
    server.put('order-links', { type: '$>', data: Buffer.from('0@order-1'), isJson: false });
    server.put('order-1', { type: 'Raw', data: Buffer.from([0, 255]), isJson: false });
    server.put('order-1', { type: 'Half', data: Buffer.from('{"half":') });
    server.put('order-1', { type: 'Null', data: Buffer.from('null') });
    await store.append('order-1', numbered(1), 3);
    server.put('$stats', { type: '$Stats' });
    const types = ['Counted', 'Raw', 'Half', 'Null', 'Counted'];
    for (const events of [store.read('order-1'), store.readAll()]) {
      const read = await collect(events);
      t.same(
        read.map(({ type }) => type),
        types,
      );
      t.equal(read[1]?.data, 'AP8=', 'a text, which no schema takes');
      t.type(read[2]?.data, 'string');
    }
    const followed = following(t, on, '', { filter: {} });
    await until(() => followed.seen.length === 5);
    t.same(
      followed.seen.map(({ type }) => type),
      types,
    );
    t.same(await collect(store.readAll({ filter: { streamPrefixes: ['$'] } })), [], 'whatever a filter says');
  },
);

void t.test('a read whose client is thrown away by somebody else goes on to the end', async (t) => {
  const { server, store } = await onStandIn(t);
  fill(server.log, 'order-1', 2_000, 'Counted', 500);
  const read: number[] = [];
  for await (const { revision } of store.read('order-1')) {
    read.push(revision);
    if (read.length !== 10) continue;
    server.faults.add('append', 'unknown');
    await store.append('order-2', [newEvent()], 'none');
  }
  t.equal(read.length, 2_000);
  t.ok(read.every((revision, n) => revision === n));
});

void t.test(
  'closing takes five seconds at most, whatever is under way, and leaves nothing that keeps a process alive',
  async (t) => {
    const [never, much, frozen, gone, silent] = await Promise.all([1, 2, 3, 4, 5].map(() => standIn(t)));
    const cluster = await standInCluster(t);
    if (!never || !much || !frozen || !gone || !silent) throw new Error('five were started');
    never.faults.add('append', 'never', { times: Infinity });
    fill(much.log, 'order-1', 3_000, 'Counted', 2_000);
    frozen.freeze();
    await gone.kill();
    silent.faults.add('readAll', 'never', { times: Infinity }).add('subscribe', 'silent', { times: Infinity });
    for (const node of cluster.nodes) node.freeze();
    const urls = { never, much, frozen, gone, silent, cluster };
    const script = join(import.meta.dirname, 'closing-process.js');
    const given = JSON.stringify(Object.entries(urls).map(([name, { url }]) => [name, url]));
    const child = spawn(process.execPath, [script, given], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 40_000 });
    t.teardown(() => child.kill('SIGKILL'));
    let told = '';
    child.stdout.on('data', (text: Buffer) => (told += text.toString()));
    const exited = once(child, 'exit');
    await until(() => told.includes('closed') || child.exitCode !== null);
    const since = Date.now();
    t.same(await exited, [0, null]);
    t.ok(Date.now() - since < 4_000, `ended ${Date.now() - since} ms after closing`);
    for (const [name, ms] of JSON.parse(told.split('closed ')[1] ?? '[]') as [string, number][]) {
      t.ok(ms < 5_000, `${name}: ${ms} ms`);
    }
  },
);
