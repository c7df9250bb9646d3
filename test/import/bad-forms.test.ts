import { gzipSync } from 'node:zlib';
import t from 'tap';
import { checkImport } from '../../src/import/check.js';
import { nothingStored } from '../../src/import/stored.js';
import { check, folder, good, header, options, order } from './folder.js';

const users = `${header.users}\nu1,Ada,ada@example.org\nu2,Bo,bo@example.org\nu3,Cy,cy@example.org\n`;
const latin1 = users.replace('Ada', 'Åda').replace('Bo,', 'Böhm,').replace('Cy,', 'Çy,');
const utf16 = Buffer.from(users, 'utf16le');
const packed = gzipSync(users);

/** A file that is not what it should be: one finding, on this line, says what it is and what to do. */
const forms: readonly (readonly [what: string, text: string | Buffer, line: number, message: RegExp])[] = [
  ['semicolons', users.replaceAll(',', ';'), 1, /has semicolons between its fields: save it with commas/],
  ['tabs', users.replaceAll(',', '\t'), 1, /has tabs between its fields: save it with commas/],
  ['bars', users.replaceAll(',', '|'), 1, /has bars between its fields/],
  ['quoted cells and semicolons', users.replace(header.users, '"user_ref";"name";"email"'), 1, /semicolons/],
  ['CR alone', users.replaceAll('\n', '\r'), 1, /line ends of CR only.*: save it with LF or CRLF/],
  ['CR alone and semicolons', users.replaceAll('\n', '\r').replaceAll(',', ';'), 1, /semicolons.* CR only/],
  ['a line sep=,', `sep=,\r\n${users}`, 1, /delete the line sep=/],
  ['a line sep=; behind a mark', `\uFEFFsep=;\r\n${users.replaceAll(',', ';')}`, 1, /delete the line sep=/],
  ['UTF-16, little end first, with a mark', Buffer.from(`\uFEFF${users}`, 'utf16le'), 1, /UTF-16, not UTF-8: save it/],
  ['UTF-16, big end first, with a mark', Buffer.from(`\uFEFF${users}`, 'utf16le').swap16(), 1, /UTF-16, not UTF-8/],
  ['UTF-16, little end first', utf16, 1, /UTF-16, not UTF-8/],
  ['UTF-16, big end first', Buffer.from(utf16).swap16(), 1, /UTF-16, not UTF-8/],
  ['UTF-32', Buffer.from([...users].flatMap((one) => [one.charCodeAt(0), 0, 0, 0])), 1, /UTF-32, not UTF-8/],
  ['Latin-1', Buffer.from(latin1, 'latin1'), 2, /not UTF-8, .*save it as UTF-8.*Windows-1252 it reads: Åda$/],
  ['Latin-1 and semicolons', Buffer.from(latin1.replaceAll(',', ';'), 'latin1'), 1, /semicolons.*not UTF-8 either/],
  ['a workbook', Buffer.from('504b0304140006000800', 'hex'), 1, /ZIP archive, such as an Excel.*save the data as CSV/],
  ['an old workbook', Buffer.from('d0cf11e0a1b11ae100', 'hex'), 1, /old Excel workbook/],
  ['gzip under a plain name', packed, 1, /compressed with gzip: add \.gz/],
  ['zstd', Buffer.from('28b52ffd00', 'hex'), 1, /zstd: decompress/],
  ['noise', Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 7_919 + i * i) % 256)), 1, /is no text/],
  ['a web page', '\n<!DOCTYPE html>\n<title>Sign in</title>\n<p>\n', 1, /is a web page/],
  ['XML', '<?xml version="1.0"?>\n<users>\n', 1, /is XML/],
  ['JSON', '[\n{"user_ref":"u1"}\n]\n', 1, /is JSON, not CSV/],
  ['nothing', '', 1, /no header line: the first line must be user_ref,name,email/],
  ['a mark and blank lines', '\uFEFF\r\n\r\n', 1, /no header line/],
  ['no header', 'u1,Ada,ada@example.org\nu2,Bo,bo@example.org\n', 1, /no header line: the first line must be/],
  ['quotes around lines', users.replace(/^.+$/gm, '"$&"'), 1, /quotes around whole lines/],
  ['columns without a name', users.replaceAll('\n', ',,\n'), 1, /2 columns without a name/],
  ['a name in capitals', users.replace('name', 'Name'), 1, /unknown column: write name/],
  ['a mark twice', `\uFEFF\uFEFF${users}`, 1, /unknown column: write user_ref/],
];

for (const [what, text, line, message] of forms) {
  void t.test(`a file with ${what} is one finding`, async (t) => {
    const { findings, plan } = await check(t, { 'users.csv': text });
    t.match(findings, [{ file: 'users.csv', line, message }]);
    t.equal(findings.length, 1);
    t.equal(plan, null);
    const reported = await check(t, { 'users.csv': text }, { onError: 'report' });
    t.equal(reported.findings.length, 1);
  });
}

const orders = good['orders.ndjson'] as string;
const parsed = [order('o1', {}), order('o2', {})].map((line) => JSON.parse(line) as object);
const orderForms: readonly (readonly [what: string, text: string | Buffer, message: RegExp])[] = [
  ['a list over several lines', JSON.stringify(parsed, null, 1), /JSON list: write each order on a line of its own/],
  ['a list on one line', JSON.stringify(parsed), /not a JSON object: write each order on a line of its own/],
  [
    'an order over several lines',
    JSON.stringify(parsed[0], null, 2),
    /over several lines: write each order on one line/,
  ],
  ['CSV', 'order_ref,user_ref\no1,u1\no2,u1\n', /is CSV, not NDJSON/],
  ['CR alone', orders.replaceAll('\n', '\r'), /CR only/],
  ['UTF-16', Buffer.from(`\uFEFF${orders}`, 'utf16le'), /UTF-16, not UTF-8: save it as UTF-8$/],
  ['a workbook', Buffer.from('504b0304140006000800', 'hex'), /ZIP archive.*save the data as NDJSON/],
  ['a web page', '<html>\n<body>\n', /web page/],
  ['Latin-1', Buffer.from(orders.replace('o1', 'ö1').replace('o2', 'ö2'), 'latin1'), /not UTF-8.*it reads: .*ö1/],
];
for (const [what, text, message] of orderForms) {
  void t.test(`a file of orders with ${what} is one finding`, async (t) => {
    const { findings, plan } = await check(t, { ...good, 'orders.ndjson': text });
    t.match(findings, [{ file: 'orders.ndjson', line: 1, message }]);
    t.equal(findings.length, 1);
    t.equal(plan, null);
  });
}

void t.test('a header alone, or orders of no line, are nothing to import and no fault', async (t) => {
  const { findings, plan } = await check(t, { ...good, 'users.csv': `${header.users}\n`, 'orders.ndjson': '' });
  t.same(findings, []);
  t.equal(plan?.users.length, 0);
  const dir = folder(t, { 'users.csv': `${header.users}\n`, 'orders.json': '', 'notes.txt': '' });
  const { notes } = (await checkImport(dir, nothingStored, options)).findings;
  t.match(notes, [/^orders\.json is not read/, /^users\.csv has a header line and no rows$/]);
  t.equal(notes.length, 2);
});

void t.test('a folder with names that are nearly right is told which they are', async (t) => {
  const dir = folder(t, { 'users.csv.txt': users, 'products.xlsx': '' });
  await t.rejects(checkImport(dir, nothingStored, options), {
    message: /\n.*products\.xlsx is not read.*\n.*users\.csv\.txt/s,
  });
});

void t.test('damage in a file of UTF-8 is found where it is, and no more is said of the value', async (t) => {
  const bytes = Buffer.concat([
    Buffer.from(`${header.products}\n1,Ä-1,Änderung,1000,USD,3\n2,S-2,A`),
    Buffer.from([0xc4]),
    Buffer.from('B,x,USD,3\n'),
  ]);
  const { findings } = await check(t, { 'categories.csv': good['categories.csv'] as string, 'products.csv': bytes });
  t.match(findings, [
    { line: 3, column: 'name', message: /^is not valid UTF-8$/ },
    { line: 3, column: 'price', value: 'x' },
  ]);
  t.equal(findings.length, 2);
});

const compressed: readonly (readonly [what: string, bytes: Buffer, users: number | RegExp])[] = [
  ['zero bytes at the end', Buffer.concat([packed, Buffer.alloc(512)]), 3],
  ['many zero bytes at the end', Buffer.concat([packed, Buffer.alloc(3_000_000)]), 3],
  ['two members', Buffer.concat([packed, gzipSync('u4,D,d@example.org\n')]), 4],
  ['a member behind zero bytes', Buffer.concat([packed, Buffer.alloc(512), packed]), /something else stands behind/],
  ['other bytes behind it', Buffer.concat([packed, Buffer.from('hello')]), /no intact gzip file/],
  ['half of it', packed.subarray(0, packed.length / 2), /breaks off/],
  ['its first bytes only', packed.subarray(0, 5), /breaks off/],
  ['a checksum that is wrong', Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8, 1)]), /damaged/],
  ['plain text', Buffer.from(users), /not compressed. Take \.gz off its name/],
  ['a ZIP archive', Buffer.from('504b0304140006000800', 'hex'), /ZIP archive/],
  ['nothing', Buffer.alloc(0), /is empty/],
  ['semicolons within', gzipSync(users.replaceAll(',', ';')), /semicolons/],
  ['UTF-16 within', gzipSync(utf16), /UTF-16/],
  ['gzip within', gzipSync(packed), /compressed with gzip/],
];
for (const [what, bytes, expected] of compressed) {
  void t.test(`a compressed file with ${what} is read, or one finding names it`, async (t) => {
    const { findings, plan } = await check(t, { 'users.csv.gz': bytes });
    if (typeof expected === 'number') {
      t.same(findings, []);
      t.equal(plan?.users.length, expected);
    } else {
      t.match(findings, [{ file: 'users.csv.gz', message: expected }]);
      t.equal(findings.length, 1);
    }
  });
}
