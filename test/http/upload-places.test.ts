/** How many uploads are under way at once, and that each gives its place back. */
import { type AddressInfo, connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { ADA, ADMIN, CLERK } from '../access/guarded.js';
import { ANONYMOUS, type Caller } from '../../src/access/caller.js';
import type { App } from '../../src/http/app-type.js';
import { Places } from '../../src/http/places.js';
import { until } from '../support/orderlog.js';
import { type Failing, failing, sampleApp } from './sample-app.js';

interface Uploads {
  readonly app: App;
  readonly told: Failing;
  upload(bytes?: number, name?: string): Promise<Response>;
  /** Begins an upload and stops in the middle of its file. */
  begin(): Promise<Socket>;
}

async function started(t: Test, most: number): Promise<Uploads> {
  let pieces = 0;
  const told: Failing = { ...failing(), places: new Places(most), piece: () => Promise.resolve(void (pieces += 1)) };
  const app = await sampleApp(told);
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    app,
    told,
    upload: (bytes = 5, name = 'Ada') => {
      const body = new FormData();
      body.set('name', name);
      body.set('id_proof', new Blob([new Uint8Array(bytes)]), 'a.pdf');
      return fetch(`http://127.0.0.1:${port}/v1/uploads`, { method: 'POST', body });
    },
    begin: async () => {
      const before = pieces;
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      t.teardown(() => socket.destroy());
      const head = 'host: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 90000\r\n';
      const part = '--b\r\ncontent-disposition: form-data; name="id_proof"; filename="a"\r\n\r\n';
      socket.write(`POST /v1/uploads HTTP/1.1\r\n${head}\r\n${part}${'x'.repeat(2_000)}`);
      if (!told.before) await until(() => pieces > before);
      return socket;
    },
  };
}

t.test('uploads beyond the most at once are 503, and their senders get to read that', async (t) => {
  const { upload, begin } = await started(t, 3);
  const open = [await begin(), await begin(), await begin()];
  const refused = await upload(2_000_000);
  t.equal(refused.status, 503);
  t.equal(refused.headers.get('retry-after'), '5');
  t.match(await refused.json(), { code: 'overloaded', detail: /3 uploads under way/ });
  open[1]?.destroy();
  await until(async () => (await upload()).status === 201);
  t.equal((await upload()).status, 201, 'an upload that has ended leaves its place');
  for (let n = 0; n < 4; n++) t.equal((await upload(5, '')).status, 400, 'so does one that is refused');
  t.equal((await upload()).status, 201);
});

t.test('a sender that goes away before its form is read leaves its place', async (t) => {
  const { app, told, upload, begin } = await started(t, 1);
  let isGone = false;
  app.server.once('connection', (socket) => socket.once('close', () => void (isGone = true)));
  let isHere = false;
  told.before = async () => {
    isHere = true;
    await until(() => isGone);
  };
  const socket = await begin();
  await until(() => isHere);
  t.equal((await upload()).status, 503, 'meanwhile it holds the only place');
  socket.destroy();
  await until(async () => (await upload()).status === 201);
});

t.test('one caller gets half of the places at most; without access control only the sum counts', async (t) => {
  const places = new Places(4);
  const ends: (() => void)[] = [];
  const hold = (caller: Caller): Promise<void> =>
    places.hold(caller, () => new Promise((resolve) => ends.push(resolve)));
  const all = [hold(ADA), hold(ADA)];
  const limited = { code: 'rate-limited', headers: { 'retry-after': '5' } };
  await t.rejects(hold(ADA), limited);
  all.push(hold(CLERK));
  ends[0]?.();
  await all[0];
  all.push(hold(ADA), hold(ADMIN));
  await t.rejects(hold(ADA), limited);
  await t.rejects(hold(ADMIN), { code: 'overloaded', headers: { 'retry-after': '5' } });
  for (const end of ends) end();
  await Promise.all(all);
  const failed = places.hold(ADA, () => Promise.reject(new Error('no')));
  await t.rejects(failed, { message: 'no' });
  const again = [hold(ADA), hold(ADA), hold(CLERK), hold(CLERK)];
  for (const end of ends) end();
  await Promise.all(again);
  const anonymous = Array.from({ length: 4 }, () => hold(ANONYMOUS));
  await t.rejects(hold(ANONYMOUS), { code: 'overloaded' });
  for (const end of ends) end();
  await Promise.all(anonymous);
});

t.test('more than a hundred uploads of one caller are under way at once', async (t) => {
  const places = new Places();
  let now = 0;
  const ends: (() => void)[] = [];
  const uploads = Array.from({ length: 128 }, () =>
    places.hold(ADA, () => new Promise<number>((resolve) => ends.push(() => resolve((now += 1))))),
  );
  await t.rejects(
    places.hold(ADA, () => Promise.resolve()),
    { code: 'rate-limited' },
  );
  t.equal(ends.length, 128);
  for (const end of ends) end();
  await Promise.all(uploads);
  t.equal(now, 128);
});
