/** Documents that no event names are removed after a day; all others stay. */
import { randomUUID } from 'node:crypto';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import type { DocumentStore } from '../../src/documents/document-store.js';
import { sweepDocuments } from '../../src/documents/sweep.js';
import { folderStore, pathIn } from '../support/folder-store.js';

const DAY_MS = 24 * 3_600_000;
const now = Date.now();
const before = new Date(now - DAY_MS);
const { signal } = new AbortController();

async function storeIn(t: Test): Promise<{ store: DocumentStore; dir: string; add(hours: number): Promise<string> }> {
  const dir = join(t.testdir(), 'documents');
  const store = folderStore(dir);
  const add = async (hours: number): Promise<string> => {
    const { document_id } = await store.write(Readable.from([Buffer.from('x')]), { maxBytes: 10 });
    const at = new Date(now - hours * 3_600_000);
    await utimes(pathIn(dir, document_id), at, at);
    return document_id;
  };
  return { store, dir, add };
}

t.test('removes what is older than a day and named by no event, and nothing else', async (t) => {
  const { store, dir, add } = await storeIn(t);
  const [lost, named, young] = [await add(25), await add(1_000), await add(23)];
  const asked: string[] = [];
  const removed = await sweepDocuments({
    store,
    before,
    signal,
    named: async (ids) => {
      asked.push(...ids);
      return Promise.resolve(new Set([named, randomUUID()]));
    },
  });
  t.same(removed, { documents: 1, drafts: 0 });
  t.same(asked.sort(), [lost, named].sort(), 'the log is asked for the old ones only');
  t.notOk(await store.has(lost));
  t.ok(await store.has(named));
  t.ok(await store.has(young));
  const drafts = [randomUUID(), randomUUID()].map((id) => join(dir, 'drafts', `${id}.part`)) as [string, string];
  for (const path of drafts) await writeFile(path, 'x');
  await utimes(drafts[0], before, new Date(now - 25 * 3_600_000));
  t.same(await sweepDocuments({ store, before, signal, named: (ids) => Promise.resolve(ids) }), {
    documents: 0,
    drafts: 1,
  });
  t.equal((await readdir(join(dir, 'drafts'))).length, 1, 'the draft of an upload under way stays');
});

t.test('asks in batches, and not at all where nothing is old', async (t) => {
  const { store, add } = await storeIn(t);
  const sizes: number[] = [];
  const named = (ids: ReadonlySet<string>): Promise<ReadonlySet<string>> => {
    sizes.push(ids.size);
    return Promise.resolve(new Set<string>());
  };
  await add(1);
  t.same(await sweepDocuments({ store, before, signal, named }), { documents: 0, drafts: 0 });
  t.same(sizes, []);
  for (let n = 0; n < 7; n++) await add(30);
  t.same(await sweepDocuments({ store, before, signal, named, batch: 3 }), { documents: 7, drafts: 0 });
  t.ok(sizes.length > 1);
  t.equal(
    sizes.reduce((a, b) => a + b),
    7,
  );
});

t.test('removes nothing when the log can not be read', async (t) => {
  const { store, add } = await storeIn(t);
  const id = await add(30);
  const named = (): Promise<never> => Promise.reject(new Error('unreadable'));
  await t.rejects(sweepDocuments({ store, before, signal, named }), { message: 'unreadable' });
  t.ok(await store.has(id));
});

t.test('removes nothing when it would remove most of many: then the log is the wrong one', async (t) => {
  const list = Array.from({ length: 150 }, () => randomUUID());
  const removed: string[] = [];
  const store = {
    list: () => Readable.from([list]) as AsyncIterable<readonly string[]>,
    remove: (id: string) => Promise.resolve(void removed.push(id)),
    removeDrafts: () => Promise.resolve(0),
  };
  const keep = (count: number) => () => Promise.resolve(new Set(list.slice(0, count)));
  await t.rejects(sweepDocuments({ store, before, signal, named: keep(10) }), { message: /140 of 150/ });
  t.same(removed, []);
  await sweepDocuments({ store, before, signal, named: keep(80) });
  t.equal(removed.length, 70);
});
