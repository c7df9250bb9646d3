import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t from 'tap';
import { sampleApp } from './sample-app.js';

const headers = { host: 'localhost', accept: 'application/json' };
const LIST = '/v1/things?limit=45';

void t.test('a list is compressed if the caller asks for it, and says that it varies', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const plain = await app.inject({ url: LIST, headers });
  t.equal(plain.headers['content-encoding'], undefined);
  t.equal(plain.headers.vary, 'accept-encoding', 'also in the plain form, for caches');
  for (const [accepted, encoding, open] of [
    ['gzip', 'gzip', gunzipSync],
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['gzip;q=0.5, br;q=0.1', 'gzip', gunzipSync],
  ] as const) {
    const answer = await app.inject({ url: LIST, headers: { ...headers, 'accept-encoding': accepted } });
    t.equal(answer.headers['content-encoding'], encoding, accepted);
    t.equal(answer.headers.vary, 'accept-encoding');
    t.equal(open(answer.rawPayload).toString(), plain.body);
    t.ok(answer.rawPayload.length < plain.rawPayload.length / 3);
  }
  for (const accepted of ['identity', 'gzip;q=0', 'identity, gzip;q=0.5', 'zstd']) {
    const answer = await app.inject({ url: LIST, headers: { ...headers, 'accept-encoding': accepted } });
    t.equal(answer.headers['content-encoding'], undefined, accepted);
    t.equal(answer.body, plain.body);
  }
});

void t.test('what is short, is one thing, is a command or has no body is not compressed', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const asked = { ...headers, 'accept-encoding': 'gzip' };
  const encoding = async (url: string, method: 'GET' | 'HEAD' | 'POST' = 'GET', more = {}): Promise<unknown> =>
    (await app.inject({ url, method, headers: { ...asked, ...more } })).headers['content-encoding'];
  t.equal(await encoding('/v1/things?limit=1'), undefined, 'a short list');
  t.equal(await encoding('/v1/things/4'), undefined, 'one thing');
  t.equal(await encoding('/v1/things/4/cancel', 'POST'), undefined, 'a command');
  t.equal(await encoding('/openapi.json'), undefined);
  const head = await app.inject({ url: LIST, method: 'HEAD', headers: asked });
  t.equal(head.statusCode, 200);
  t.equal(head.body, '');
  t.equal(head.headers['content-encoding'], undefined);
  t.equal(head.headers.vary, 'accept-encoding');
  t.equal(await encoding('/v1/tree'), 'gzip', 'the tree has its own form');
  const tree = await app.inject({ url: '/v1/tree', headers: asked });
  t.equal(gunzipSync(tree.rawPayload).toString(), '{"data":[]}', 'which is compressed once');
  const known = { 'if-none-match': String(tree.headers.etag) };
  t.equal((await app.inject({ url: '/v1/tree', headers: { ...asked, ...known } })).statusCode, 304);
});
