import { gzipSync } from 'node:zlib';
import t from 'tap';
import { check, good, header, places } from './folder.js';

void t.test('quotes hold commas, quotes and line breaks; the line of a row is that of the file', async (t) => {
  const { findings, plan } = await check(t, {
    'users.csv': [
      '"user_ref",name,email',
      '"u,1","Ada ""the"" first",a@x.org',
      '',
      '"u2","two',
      'lines",b@x.org',
      'u3,"crlf\r',
      'too",c@x.org\r',
      'u4,,d@x.org',
    ].join('\n'),
  });
  t.match(findings, [
    { line: 4, column: 'name', value: 'two\nlines', message: /control/ },
    { line: 6, column: 'name', message: /control/ },
    { line: 8, column: 'name', value: '' },
  ]);
  t.equal(findings.length, 3);
  t.equal(plan, null);
  const one = await check(t, { 'users.csv': '"user_ref",name,email\n"u,1","Ada ""the"" first",a@x.org' });
  t.match(one.plan?.users, [{ user_ref: 'u,1', name: 'Ada "the" first' }]);
});

void t.test('a byte order mark, CRLF, columns in another order and a missing last line end are taken', async (t) => {
  const text = '\uFEFFemail,user_ref,name\r\na@x.org,u1,Ada\r\n\r\nb@x.org,u2,Bo';
  const { findings, plan } = await check(t, { 'users.csv': text });
  t.same(findings, []);
  t.match(plan?.users, [
    { user_ref: 'u1', name: 'Ada', email: 'a@x.org' },
    { user_ref: 'u2', name: 'Bo', email: 'b@x.org' },
  ]);
});

void t.test('each file may be compressed, and means the same', async (t) => {
  const plain = await check(t, good);
  const packed = Object.fromEntries(Object.entries(good).map(([name, text]) => [`${name}.gz`, gzipSync(text)]));
  const { findings, plan } = await check(t, packed);
  t.same(findings, []);
  for (const kind of ['categories', 'products', 'users'] as const) t.same(plan?.[kind], plain.plan?.[kind]);
  t.equal(plan?.orders?.count, plain.plan?.orders?.count);
});

void t.test('a compressed file is named as it stands in the folder', async (t) => {
  const text = `${header.users}\nu1,Ada,nobody\n`;
  t.same(places(await check(t, { 'users.csv.gz': gzipSync(text) })), ['users.csv.gz:2:email']);
});

void t.test('rows are the same wherever the reading of the file is cut', async (t) => {
  // Longer than the pieces in which files are read; a row of many bytes a character stands across each border.
  const rows = Array.from({ length: 40_000 }, (_, i) => `u${i},"Zoë, ""${i}""",u${i}@x.org`);
  const { findings, plan } = await check(t, { 'users.csv': `${header.users}\n${rows.join('\r\n')}\n` });
  t.same(findings, []);
  t.equal(plan?.users.length, 40_000);
  t.ok(plan?.users.every((row, i) => row.line === i + 2 && row.name === `Zoë, "${i}"` && row.user_ref === `u${i}`));
});
