import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type DocumentSource, type DocumentStore, DocumentTooLarge } from '../../src/documents/document-store.js';
import { DocumentUnreadable } from '../../src/documents/frames.js';
import { folderStore, pathIn } from '../support/folder-store.js';

const FRAME = 64 * 1024;
const STORED_FRAME = FRAME + 16;

function storeIn(t: Test): { store: DocumentStore; dir: string } {
  const dir = join(t.testdir(), 'documents');
  return { store: folderStore(dir), dir };
}

async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

async function readAll(store: DocumentStore, id: string, key: string): Promise<Buffer> {
  const { content } = await store.read(id, key);
  return Buffer.concat((await content.toArray()) as Buffer[]);
}

async function* pieces(...parts: Buffer[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield await Promise.resolve(part);
}

t.test('returns what was written, whatever its size and the size of its pieces', async (t) => {
  const { store } = storeIn(t);
  for (const size of [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 300_000]) {
    for (const step of [7_001, FRAME, 1_000_000]) {
      const document = randomBytes(size);
      const parts: Buffer[] = [];
      for (let from = 0; from < size; from += step) parts.push(document.subarray(from, from + step));
      const stored = await store.write(pieces(...parts), { maxBytes: size });
      t.equal(stored.bytes, size);
      t.equal(stored.sha256, createHash('sha256').update(document).digest('hex'));
      const { bytes, content } = await store.read(stored.document_id, stored.key);
      t.equal(bytes, size, 'the size is known before the first byte is read');
      t.ok(document.equals(Buffer.concat((await content.toArray()) as Buffer[])), `${size} bytes in steps of ${step}`);
    }
  }
});

t.test('holds nothing in the clear, and only the owner may look', async (t) => {
  const { store, dir } = storeIn(t);
  const { document_id } = await store.write(pieces(Buffer.from('a marker in the clear')), { maxBytes: 100 });
  const path = pathIn(dir, document_id);
  t.equal(path, join(dir, document_id.slice(0, 2), document_id));
  t.notOk((await readFile(path)).includes('marker'));
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.equal((await stat(dirname(path))).mode & 0o777, 0o700);
  t.equal((await stat(dir)).mode & 0o777, 0o700);
});

t.test('does not open a file that was cut, reordered, changed or appended to', async (t) => {
  const { store, dir } = storeIn(t);
  const { document_id, key } = await store.write(pieces(randomBytes(3 * FRAME)), { maxBytes: 3 * FRAME });
  const path = pathIn(dir, document_id);
  const whole = await readFile(path);
  const frame = (n: number): Buffer => whole.subarray(1 + n * STORED_FRAME, 1 + (n + 1) * STORED_FRAME);
  const flipped = Buffer.from(whole);
  flipped[100] = (flipped[100] as number) ^ 1;
  const forged: Record<string, Buffer> = {
    'without its last frame': whole.subarray(0, 1 + 2 * STORED_FRAME),
    'without its last byte': whole.subarray(0, -1),
    'without anything': Buffer.alloc(0),
    'with the version alone': whole.subarray(0, 1),
    'of another version': Buffer.concat([Buffer.of(9), whole.subarray(1)]),
    'with frames in another order': Buffer.concat([whole.subarray(0, 1), frame(1), frame(0), frame(2)]),
    'with a frame twice': Buffer.concat([whole.subarray(0, 1), frame(0), frame(0), frame(2)]),
    'with one bit changed': flipped,
    'with a byte after its end': Buffer.concat([whole, Buffer.of(0)]),
    'with a frame after its end': Buffer.concat([whole, frame(2)]),
  };
  for (const [what, bytes] of Object.entries(forged)) {
    await writeFile(path, bytes);
    await t.rejects(readAll(store, document_id, key), DocumentUnreadable, what);
  }
  await writeFile(path, whole);
  t.equal((await readAll(store, document_id, key)).length, 3 * FRAME);
  await t.rejects(readAll(store, document_id, randomBytes(32).toString('base64url')), DocumentUnreadable, 'other key');
});

t.test('does not open a document under the id of another one', async (t) => {
  const { store, dir } = storeIn(t);
  const { document_id, key } = await store.write(pieces(Buffer.from('mine')), { maxBytes: 10 });
  const other = randomUUID();
  await mkdir(dirname(pathIn(dir, other)), { recursive: true });
  await writeFile(pathIn(dir, other), await readFile(pathIn(dir, document_id)));
  await t.rejects(readAll(store, other, key), DocumentUnreadable);
});

t.test('refuses one byte over the limit, or a source that was cut at the limit, and keeps nothing of it', async (t) => {
  const { store, dir } = storeIn(t);
  await t.rejects(store.write(pieces(Buffer.alloc(60), Buffer.alloc(41)), { maxBytes: 100 }), DocumentTooLarge);
  const cut: DocumentSource = Object.assign(Readable.from([Buffer.alloc(100)]), { truncated: true });
  await t.rejects(store.write(cut, { maxBytes: 100 }), DocumentTooLarge);
  t.same(await filesIn(dir), []);
  await store.write(pieces(Buffer.alloc(100)), { maxBytes: 100 });
  t.equal((await filesIn(dir)).length, 1, 'the limit itself is allowed');
});

t.test('keeps nothing of an upload that breaks off', async (t) => {
  const { store, dir } = storeIn(t);
  const source = new Readable({ read: () => undefined });
  source.push(randomBytes(200_000));
  const written = store.write(source, { maxBytes: 1_000_000 });
  while ((await filesIn(dir)).length === 0) await sleep(5);
  t.match(await filesIn(dir), [/\.part$/], 'while it comes in it stands under another name');
  source.destroy();
  await t.rejects(written);
  t.same(await filesIn(dir), []);
});

t.test('removes a document, and does not mind one that is gone', async (t) => {
  const { store, dir } = storeIn(t);
  const { document_id, key } = await store.write(pieces(Buffer.from('x')), { maxBytes: 10 });
  await store.remove(document_id);
  await store.remove(document_id);
  await store.remove(randomUUID());
  t.same(await filesIn(dir), []);
  await t.rejects(store.read(document_id, key), DocumentUnreadable);
});

t.test('makes a path of nothing but a UUID', async (t) => {
  const { store, dir } = storeIn(t);
  for (const id of ['', '..', '../../etc/passwd', `${randomUUID()}/..`, `../${randomUUID()}`, `${randomUUID()}\0`]) {
    t.throws(() => pathIn(dir, id), TypeError);
    await t.rejects(store.read(id, ''), TypeError);
    await t.rejects(store.remove(id), TypeError);
  }
});

t.test('a reader that leaves early leaves no file open', { skip: process.platform !== 'linux' }, async (t) => {
  const { store } = storeIn(t);
  const { document_id, key } = await store.write(pieces(randomBytes(1_000_000)), { maxBytes: 1_000_000 });
  const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
  const before = await openFiles();
  for (const readFirst of [true, false]) {
    const { content } = await store.read(document_id, key);
    if (readFirst) await content.iterator({ destroyOnReturn: false }).next();
    content.destroy();
  }
  for (let tries = 0; tries < 100 && (await openFiles()) > before; tries++) await sleep(10);
  t.equal(await openFiles(), before);
});
