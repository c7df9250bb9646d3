import t from 'tap';
import { check, good, header, order } from './folder.js';

const categories = good['categories.csv'] as string;
const products = (...rows: string[]): Record<string, string> => ({
  'categories.csv': categories,
  'products.csv': [header.products, ...rows, ''].join('\n'),
});

async function columns(found: Promise<Awaited<ReturnType<typeof check>>>, line: number): Promise<string[]> {
  const { findings, plan } = await found;
  if (plan !== null) throw new Error('something would be appended');
  return findings.filter((finding) => finding.line === line).map(({ column }) => column);
}

void t.test('all faults of a row are found at once', async (t) => {
  const taken = products('1,s,Shirt,100,GBP,3', '2,s,,100,GBP,9');
  t.same(await columns(check(t, taken), 3), ['name', 'cat_ids', 'sku'], 'no name, unknown category, SKU taken');
  const more = products('1,s,Shirt,100,GBP,3', '1,s,,-1,gbp,8|x|9');
  t.same(await columns(check(t, more), 3), [
    'name',
    'price',
    'currency',
    'cat_ids',
    'product_id',
    'cat_ids',
    'cat_ids',
  ]);
  const nameless = products('x,s,Shirt,100,GBP,3', 'y,s,,100,GBP,3');
  t.same(await columns(check(t, nameless), 3), ['product_id', 'name', 'sku']);
  const tree = `${categories}4,s,,77\nx,m,Bows,1\n5,,,5\n`;
  t.same(await columns(check(t, { 'categories.csv': tree }), 5), ['name', 'code', 'parent_cat_id']);
  t.same(await columns(check(t, { 'categories.csv': tree }), 6), ['cat_id', 'code']);
  t.same(await columns(check(t, { 'categories.csv': tree }), 7), ['name', 'parent_cat_id'], 'below itself');
  const users = `${header.users},id_proof\nu1,Ada,ada@example.org,\nu1,,ADA@example.org,none.pdf\nu2,,Ada@example.org,none.pdf\n`;
  t.same(await columns(check(t, { 'users.csv': users }), 3), ['name', 'user_ref']);
  t.same(await columns(check(t, { 'users.csv': users }), 4), ['name', 'email', 'id_proof']);
});

void t.test('all faults of an order are found at once', async (t) => {
  const items = [
    { sku: 'S-2', product_id: 1, quantity: '5', unit_price: -1 },
    { sku: 'S-9', product_id: 99, quantity: 0, unit_price: 1 },
  ];
  const bad = order('o1', { user_ref: 'u9', currency: 'EUR', items, placed_at: 'yesterday', note: 'hi' });
  t.same(await columns(check(t, { ...good, 'orders.ndjson': bad }), 1), [
    ...['note', 'placed_at', 'items[0].quantity', 'items[0].unit_price', 'items[1].quantity'],
    ...['user_ref', 'items[0].sku', 'currency', 'items[1].product_id'],
  ]);
});

void t.test('a row that is stored is counted in a check that has findings', async (t) => {
  const stored = new Map(
    [1, 2, 3].map((id) => [id, { code: null, name: `n${id}`, parent_cat_id: null, removed: false }]),
  );
  const rows = [...stored].map(([id, { name }]) => `${id},,${name},`);
  const files = { 'categories.csv': [header.categories, ...rows, '4,,,'].join('\n') };
  const nothing = { products: new Map(), stock: new Map(), users: new Map(), orders: new Map() };
  const { findings, skipped, plan } = await check(t, files, {}, { categories: stored, ...nothing });
  t.equal(findings.length, 1);
  t.equal(plan, null);
  t.equal(skipped, 3);
});

const DIGITS = /whole number in plain digits/;
/** What people and spreadsheets make of a number, and what is said of it. */
const numbers: readonly (readonly [text: string, message: RegExp])[] = [
  ['12.50', /smallest unit of the currency/],
  ['12,5', /smallest unit of the currency/],
  ['1,000', /thousands separators/],
  ['1.234.567', /thousands separators/],
  ["1'000", /thousands separators/],
  ['1\u00a0000', /thousands separators/],
  ['1.23E+12', /a spreadsheet has shortened a long number/],
  ['5,1e+09', /a spreadsheet has shortened a long number/],
  ['1e3', /without an exponent/],
  ['+5', /leave out the sign/],
  ['-0', /leave out the sign/],
  ['-2', /^is not between 0 and 9007199254740991$/],
  ['9007199254740993', /^is not between 0/],
  ['9'.repeat(150), /^is not between 0/],
  ['2011-01-02', /looks like a date/],
  ['02.01.2011', /looks like a date/],
  ['2-Jan', /looks like a date/],
  ['#REF!', /in place of a value/],
  ['=A1*2', /formula/],
  ['\u0663', /digits 0 to 9/],
  [' 5', /space around it/],
  ["'5", /leave out the quotes/],
  ['$5', /leave out the unit/],
  ['5 EUR', /leave out the unit/],
  ['', /^is missing: it must be a whole number in plain digits$/],
  ['ten', DIGITS],
];
void t.test('a number that is none is echoed as given, with what to do about it', async (t) => {
  const rows = numbers.map(([text], i) => `${i + 1},S-${i},Shirt,"${text}",USD,3`);
  const { findings } = await check(t, products(...rows));
  t.same(
    findings.map(({ line, column, value }) => [line, column, value]),
    numbers.map(([text], i) => [i + 2, 'price', text]),
  );
  for (const [i, [text, message]] of numbers.entries()) t.match(findings[i]?.message, message, text);
});

/** The same in an order, where JSON tells texts from numbers. */
const quantities: readonly (readonly [json: string, value: string, message: RegExp])[] = [
  ['"5"', '5', /plain digits: it is a text. Leave out the quotes/],
  ['-2', '-2', /^is not between 1 and 1000000$/],
  ['9007199254740993', '9007199254740993', /^is not between 1 and 1000000$/],
  ['123456789012345678901234567890', '123456789012345678901234567890', /^is not between/],
  ['1.5', '1.5', /without a fraction/],
  ['5.0', '5.0', /without a fraction/],
  ['1.23E+12', '1.23E+12', /a spreadsheet has shortened/],
  ['1e2', '1e2', /without an exponent/],
  ['-0', '-0', DIGITS],
  ['null', 'null', DIGITS],
  ['true', 'true', DIGITS],
  ['[[1.50]]', '[[1.50]]', DIGITS],
  ['{"a":1e2}', '{"a":1e2}', DIGITS],
];
void t.test('a quantity that is none is echoed as given, with what to do about it', async (t) => {
  const lines = quantities.map(([json], i) => order(`o${i}`, {}).replace('"quantity":2', `"quantity":${json}`));
  const { findings } = await check(t, { ...good, 'orders.ndjson': lines.join('\n') });
  t.same(
    findings.map(({ line, column, value }) => [line, column, value]),
    quantities.map(([, value], i) => [i + 1, 'items[0].quantity', value]),
  );
  for (const [i, [json, , message]] of quantities.entries()) t.match(findings[i]?.message, message, json);
  const text = await check(t, { ...good, 'orders.ndjson': order('o1', { user_ref: 17 }) });
  t.match(text.findings, [{ column: 'user_ref', value: '17', message: /not a text: put it in quotes/ }]);
});

void t.test('an identifier that a spreadsheet has shortened is found before it counts as a duplicate', async (t) => {
  const { findings } = await check(t, products('1,1.23E+12,a,1,USD,3', '2,1.23E+12,b,1,USD,3', '3,12E5,c,1,USD,3'));
  t.match(findings, [
    { line: 2, column: 'sku', value: '1.23E+12', message: /a spreadsheet has shortened a long number/ },
    { line: 3, column: 'sku', value: '1.23E+12', message: /a spreadsheet has shortened a long number/ },
  ]);
  t.equal(findings.length, 2);
  const users = await check(t, { 'users.csv': `${header.users}\n4.91701E+12,Ada,ada@example.org\n` });
  t.match(users.findings, [{ column: 'user_ref', message: /a spreadsheet has shortened/ }]);
  const meant = await check(t, products('1,"1.23E+12",a,1,USD,3', '2,"4.5E+12",b,"1.5E+12",USD,3'));
  t.match(meant.findings, [{ line: 3, column: 'price' }]);
  t.equal(meant.findings.length, 1, 'in quotes it is meant, but never as a number');
});

void t.test('a row of empty cells is one finding, and so is a value nested too deeply', async (t) => {
  const { findings } = await check(t, { 'users.csv': `${header.users}\nu1,Ada,ada@example.org\n,,\n` });
  t.match(findings, [{ line: 3, column: '', message: /the row is empty: delete it/ }]);
  t.equal(findings.length, 1);
  const nested = order('o1', { note: 0 }).replace('"note":0', `"note":${'['.repeat(200_000)}${']'.repeat(200_000)}`);
  t.match((await check(t, { ...good, 'orders.ndjson': nested })).findings, [{ line: 1, column: 'note' }]);
});

void t.test('with report, what depends on a file that is left out says so', async (t) => {
  const files = { ...good, 'users.csv': (good['users.csv'] as string).replaceAll(',', ';') };
  const { findings } = await check(t, files, { onError: 'report' });
  t.match(findings, [
    { file: 'users.csv', line: 1 },
    { file: 'orders.ndjson', line: 1, column: 'user_ref', message: /left out: its own row or file has findings/ },
    { file: 'orders.ndjson', line: 2, column: 'user_ref', message: /left out/ },
  ]);
  t.equal((await check(t, files)).findings.length, 1, 'without it, the fault is told once');
});
