/** Documents in an S3 bucket, on a stand-in. */
import { randomBytes, randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { readBucketUrl } from '../../src/documents/bucket-url.js';
import { DocumentsUnavailable } from '../../src/documents/document-storage.js';
import { DocumentStore } from '../../src/documents/document-store.js';
import { DocumentUnreadable } from '../../src/documents/frames.js';
import { S3Storage } from '../../src/documents/s3-storage.js';
import { type S3StandIn, s3StandIn } from '../support/s3-stand-in.js';

const BUCKET = { name: 'proofs', prefix: 'shop/', pathStyle: true };
const MAX = { maxBytes: 1_000_000 };

async function storeIn(t: Test, requestMs = 1_000): Promise<{ store: DocumentStore; s3: S3StandIn; drafts: string }> {
  const s3 = await s3StandIn(t);
  const drafts = t.testdir();
  const storage = new S3Storage(BUCKET, drafts, { connectMs: requestMs, requestMs, pauseMs: 5 });
  return { store: new DocumentStore(drafts, storage), s3, drafts };
}

async function all(store: DocumentStore, before?: Date): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of store.list(before ? { before } : {})) ids.push(...page);
  return ids.sort();
}

t.test('reads what was written, and stores nothing in the clear', async (t) => {
  const { store, s3, drafts } = await storeIn(t);
  const content = Buffer.concat([Buffer.from('a marker in the clear'), randomBytes(300_000)]);
  const { document_id, key } = await store.write(Readable.from([content]), MAX);
  t.same([...s3.objects.keys()], [`shop/${document_id}`]);
  t.notOk(s3.objects.get(`shop/${document_id}`)?.content.includes('marker'));
  const read = await store.read(document_id, key);
  t.equal(read.bytes, content.length);
  t.ok(content.equals(Buffer.concat((await read.content.toArray()) as Buffer[])));
  await store.check(document_id, key);
  t.ok(await store.has(document_id));
  t.same(await readdir(drafts), [], 'no copy stays on the disk');
});

t.test('a document is there when its writing ends, and not before it is accepted', async (t) => {
  const { store, s3 } = await storeIn(t);
  const refused = store.write(Readable.from([Buffer.from('x')]), {
    ...MAX,
    accept: () => {
      t.same(s3.requests, []);
      return Promise.reject(new Error('no'));
    },
  });
  await t.rejects(refused, { message: 'no' });
  t.same(s3.requests, []);
});

t.test('lists page by page, by age too, and knows its own objects only', async (t) => {
  const { store, s3 } = await storeIn(t);
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push((await store.write(Readable.from([Buffer.from('x')]), MAX)).document_id);
  s3.objects.set('shop/notes.txt', { content: Buffer.from(''), modified: new Date(0) });
  s3.objects.set(`other/${randomUUID()}`, { content: Buffer.from(''), modified: new Date(0) });
  t.same(await all(store), [...ids].sort());
  const [old = ''] = ids;
  (s3.objects.get(`shop/${old}`) as { modified: Date }).modified = new Date(0);
  t.same(await all(store, new Date(1_000)), [old]);
});

t.test('removes, and does not mind what is gone', async (t) => {
  const { store } = await storeIn(t);
  const { document_id, key } = await store.write(Readable.from([Buffer.from('x')]), MAX);
  await store.remove(document_id);
  await store.remove(document_id);
  t.notOk(await store.has(document_id));
  t.equal(await store.readStored(document_id), null);
  await t.rejects(store.read(document_id, key), DocumentUnreadable);
});

t.test('a backup reads and restores what is stored', async (t) => {
  const { store, s3 } = await storeIn(t);
  const { document_id, key } = await store.write(Readable.from([Buffer.from('proof')]), MAX);
  const stored = await store.readStored(document_id);
  t.equal(stored?.bytes, s3.objects.get(`shop/${document_id}`)?.content.length);
  const copy = Buffer.concat((await stored?.content.toArray()) as Buffer[]);
  s3.objects.clear();
  await store.writeStored(document_id, Readable.from([copy]));
  await store.check(document_id, key);
});

t.test('a changed object does not open', async (t) => {
  const { store, s3 } = await storeIn(t);
  const { document_id, key } = await store.write(Readable.from([randomBytes(1_000)]), MAX);
  s3.objects.get(`shop/${document_id}`)?.content.fill(0, 500, 501);
  await t.rejects(store.read(document_id, key), DocumentUnreadable);
});

t.test('a request that fails is tried again', async (t) => {
  const { store, s3, drafts } = await storeIn(t);
  const content = randomBytes(200_000);
  for (const fault of [503, 500, 429, 'cut', 'silent', 'done without an answer'] as const) {
    s3.faults = [fault];
    const { document_id, key } = await store.write(Readable.from([content]), MAX);
    s3.faults = [fault === 'done without an answer' ? 'cut in the middle' : fault];
    const read = await store.read(document_id, key);
    t.ok(content.equals(Buffer.concat((await read.content.toArray()) as Buffer[])), String(fault));
  }
  t.same(await readdir(drafts), []);
});

t.test('a bucket that does not answer is unavailable in bounded time, and nothing is left on the disk', async (t) => {
  const { store, s3, drafts } = await storeIn(t, 100);
  const document_id = randomUUID();
  for (const fault of [503, 'cut', 'silent', 403] as const) {
    s3.always = fault;
    const begun = Date.now();
    await t.rejects(store.write(Readable.from([Buffer.from('x')]), MAX), DocumentsUnavailable, String(fault));
    await t.rejects(store.read(document_id, ''), DocumentsUnavailable);
    await t.rejects(store.remove(document_id), DocumentsUnavailable);
    await t.rejects(all(store), DocumentsUnavailable);
    await t.rejects(store.reach(), DocumentsUnavailable);
    t.ok(Date.now() - begun < 20_000);
  }
  t.same(await readdir(drafts), []);
});

t.test('a refusal that no other try can mend is told at once', async (t) => {
  const { store, s3 } = await storeIn(t);
  s3.always = 403;
  await t.rejects(store.reach(), { message: /bucket proofs.*403/ });
  t.equal(s3.requests.length, 1);
});

t.test('what was stored though the answer was lost does not stay', async (t) => {
  const { store, s3 } = await storeIn(t);
  s3.faults = ['done without an answer', 'done without an answer', 'done without an answer'];
  await t.rejects(store.write(Readable.from([Buffer.from('x')]), MAX), DocumentsUnavailable);
  t.equal(s3.objects.size, 0);
});

t.test('the check of a bucket writes, removes and lists', async (t) => {
  const { store, s3 } = await storeIn(t);
  await store.reach();
  t.equal(s3.objects.size, 0);
  t.same(
    s3.requests.map((one) => one.split(' ')[0]),
    ['PUT', 'DELETE', 'GET'],
  );
});

t.test('a URL says bucket, prefix and style, and nothing else', async (t) => {
  t.same(readBucketUrl('s3://proofs').bucket, { name: 'proofs', prefix: '', pathStyle: false });
  t.same(readBucketUrl('s3://proofs/a/b/?path-style=true').bucket, { name: 'proofs', prefix: 'a/b/', pathStyle: true });
  for (const url of [
    'proofs',
    'https://proofs.s3.test',
    's3://',
    's3://UPPER',
    's3://key:secret@proofs',
    's3://proofs?region=a',
    's3://proofs?path-style=yes',
  ]) {
    const { faults } = readBucketUrl(url);
    t.equal(faults.length, 1, url);
    t.notMatch(faults[0], /secret/);
  }
});
