import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkImport } from '../../src/import/check.js';
import { nothingStored } from '../../src/import/stored.js';
import { WrongUse } from '../../src/commands/output.js';
import { check, checkFolder, folder, good, header, options, order, places, truncatedGzip } from './folder.js';

void t.test('a good folder has no findings, and the tree comes parents before children', async (t) => {
  const { findings, plan } = await check(t, good);
  t.same(findings, []);
  t.same(
    plan?.categories.map((row) => row.cat_id),
    [1, 2, 3],
  );
  t.equal(plan?.products.length, 2);
  t.equal(plan?.users.length, 2);
  t.equal(plan?.orders?.count, 2);
  t.equal(plan?.skipped, 0);
});

void t.test('a folder that is not there, or holds nothing to import, is wrong use', async (t) => {
  await t.rejects(checkImport(join(t.testdir(), 'none'), nothingStored, options), WrongUse);
  await t.rejects(check(t, { 'readme.txt': 'hello' }), WrongUse);
});

void t.test('a file beside its compressed form is refused: only one can be meant', async (t) => {
  const twice = await check(t, { ...good, 'users.csv.gz': 'x' });
  t.same(places(twice), ['users.csv.gz:0:']);
  t.equal(twice.plan, null);
});

const categories = (...rows: string[]): string => [header.categories, ...rows, ''].join('\n');
const products = (...rows: string[]): string => [header.products, ...rows, ''].join('\n');
const users = (...rows: string[]): string => [header.users, ...rows, ''].join('\n');

void t.test('broken encoding is found in its line and column', async (t) => {
  const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
  const inCsv = await check(t, {
    ...good,
    'users.csv': latin1(users('u1,Ada,ada@example.org', 'u2,Böhm,bo@example.org')),
  });
  t.same(places(inCsv), ['users.csv:3:name']);
  t.match(inCsv.findings[0], { value: 'B\uFFFDhm', message: /UTF-8/ });
  const inOrders = await check(t, { ...good, 'orders.ndjson': latin1(`${order('o1', {})}\n${order('ö', {})}`) });
  t.same(places(inOrders), ['orders.ndjson:2:order_ref']);
  const inJson = await check(t, {
    ...good,
    'orders.ndjson': Buffer.concat([latin1(order('o1', {})), Buffer.from([10, 0xff, 0xfe])]),
  });
  t.same(places(inJson), ['orders.ndjson:2:$']);
  const utf16 = await check(t, { 'users.csv': Buffer.from(`\uFEFF${users('u1,a,a@x.org')}`, 'utf16le') });
  const unmarked = await check(t, { 'users.csv': Buffer.from(users('u1,a,a@x.org'), 'utf16le') });
  const latin = await check(t, { 'users.csv': Buffer.from('user_ref,näme,email\nu1,a,a@x.org\n', 'latin1') });
  for (const { findings } of [utf16, unmarked, latin]) {
    t.equal(findings.length, 1);
    t.match(findings, [{ file: 'users.csv', line: 1, message: /not UTF-8/ }]);
  }
  t.equal(utf16.plan, null);
});

void t.test('a truncated gz is found on the line where it breaks off, and no part of it is taken', async (t) => {
  const lines = Array.from({ length: 5000 }, (_, i) => order(`o${i}-${Math.sin(i)}`, {}));
  const cut = truncatedGzip(lines.join('\n'));
  const { 'orders.ndjson': _, ...rest } = good;
  const alone = await check(t, { ...rest, 'orders.ndjson.gz': cut }, { onError: 'report' });
  t.equal(alone.findings.length, 1);
  t.match(alone.findings[0], { file: 'orders.ndjson.gz', column: '', message: /breaks off/ });
  const line = alone.findings[0]?.line ?? 0;
  t.ok(line > 2500 && line < 5000, `line ${line}`);
  t.equal(alone.plan?.orders, null);
  t.equal(alone.plan?.users.length, 2, 'the intact files go on');
  const again = await check(t, { ...rest, 'orders.ndjson.gz': cut });
  t.equal(again.findings[0]?.line, line, 'the same line each time');
});

void t.test('what is no gz, or was changed within, is found', async (t) => {
  const { 'categories.csv': _, ...rest } = good;
  const none = await check(t, { ...rest, 'categories.csv.gz': 'cat_id,code' }, { onError: 'report' });
  t.same(places(none), ['categories.csv.gz:0:'], 'and what may have been in it is not missed in other files');
  t.match(none.findings[0]?.message, /gzip/);
  t.equal(none.plan, null);
});

void t.test('a quote that is not closed, or stands astray, is found where it is', async (t) => {
  const unclosed = await check(t, {
    'users.csv': users('u1,"A\nda",a@x.org', 'u2,b,b@x.org', 'u3,"c,c@x.org', 'u4,d,d@x.org'),
  });
  t.match(unclosed.findings, [
    { line: 2, column: 'name', message: /control/ },
    { line: 5, column: 'name', message: /not closed/ },
  ]);
  const stray = await check(t, { 'users.csv': users('u1,a,a@x.org', 'u2,5" pipe,b@x.org', 'u3,c,nobody') });
  t.match(stray.findings, [
    { line: 3, column: 'name', value: '5"', message: /stray quote/ },
    { line: 4, column: 'email' },
  ]);
  const endless = await check(t, { 'users.csv': users('u1,a,a@x.org', `u2,"${'x\n'.repeat(200_000)}`) });
  t.match(endless.findings, [{ line: 3, message: /262144 bytes/ }]);
});

void t.test('an order line that is too long, or an event that would be, is found', async (t) => {
  const long = `${order('o1', {})}\n${' '.repeat(1024 * 1024)}${order('o2', {})}\n${order('o3', { user_ref: 'u9' })}`;
  t.same(places(await check(t, { ...good, 'orders.ndjson': long })), ['orders.ndjson:2:$', 'orders.ndjson:3:user_ref']);
  const name = '"'.repeat(200);
  const wide = `${header.products}\n1,S-1,"${name.replaceAll('"', '""')}",1000,USD,3\n`;
  const big = order('o1', {
    items: Array<object>(1500).fill({ sku: 'S-1', product_id: 1, quantity: 1, unit_price: 1 }),
  });
  t.match((await check(t, { ...good, 'products.csv': wide, 'orders.ndjson': big })).findings, [
    { column: 'items', message: /524288 bytes/ },
  ]);
});

void t.test('an id proof stands below the folder and is a file', async (t) => {
  const rows = [
    '/proofs/ok.pdf',
    '../out.pdf',
    'link.pdf',
    'none.pdf',
    'proofs',
    'proofs/ok.pdf',
    'a/../proofs/ok.pdf',
    'bad.pdf',
  ];
  const text = `user_ref,name,email,id_proof\n${rows.map((path, i) => `u${i},n,u${i}@x.org,${path}`).join('\n')}\nu99,n,u99@x.org,\n`;
  const outer = t.testdir({ 'out.pdf': 'x', in: { 'users.csv': text, 'bad.pdf': '' } });
  const dir = join(outer, 'in');
  mkdirSync(join(dir, 'proofs'));
  writeFileSync(join(dir, 'proofs', 'ok.pdf'), '%PDF-');
  symlinkSync(join(outer, 'out.pdf'), join(dir, 'link.pdf'));
  const judgeIdProof = (path: string): Promise<string | null> =>
    Promise.resolve(path.endsWith('bad.pdf') ? 'is not a PDF' : null);
  const { findings, plan } = await checkFolder(dir, { onError: 'report', judgeIdProof });
  t.same(
    findings.map(({ line, column, value }) => [line, column, value]),
    [0, 1, 2, 3, 4, 6, 7].map((i) => [i + 2, 'id_proof', rows[i]]),
  );
  t.equal(plan?.users.length, 2);
  t.match(plan?.users[0]?.id_proof, /\/in\/proofs\/ok\.pdf$/);
  t.equal(plan?.users[1]?.id_proof, null);
});

void t.test('in one pass every finding of every file is reported', async (t) => {
  const all = await check(t, {
    'categories.csv': categories('1,c,x,9'),
    'products.csv': products('x,S-1,a,1,USD,1'),
    'users.csv': users('u1,a,nobody'),
    'orders.ndjson': '{',
  });
  t.same(places(all), [
    'categories.csv:2:parent_cat_id',
    'products.csv:2:product_id',
    'users.csv:2:email',
    'orders.ndjson:1:$',
  ]);
});

void t.test('a folder of one file is enough', async (t) => {
  const dir = folder(t, { 'users.csv': users('u1,a,a@x.org') });
  t.equal((await checkImport(dir, nothingStored, options)).plan?.users.length, 1);
});
