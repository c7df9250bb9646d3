/** The catalog and the users of a served folder, compared with its files by brute force. */
import { parse } from 'csv-parse/sync';
import { PRODUCT_SORTS, type ProductSort } from '../projections/products/search-statement.js';
import { forEachInFlight } from '../src/engine/in-flight.js';
import type { Comparison } from './comparison.js';
import type { Api } from './imported-shop.js';
import type { Source, SourceProduct, SourceUser } from './list-source.js';

const REQUESTS_AT_ONCE = 16;
/** Every so many words of names are searched for. */
const EVERY_WORD = 5;

interface Search {
  readonly query: string;
  readonly holds: (one: SourceProduct) => boolean;
}

export async function compareCatalog(api: Api, source: Source, found: Comparison): Promise<void> {
  const before = found.compared;
  const list = async (path: string, idOf: (one: never) => unknown, expected: readonly unknown[]): Promise<void> => {
    const shown: unknown[] = [];
    for await (const one of api.list<never>(path)) shown.push(idOf(one));
    found.list(path, shown, expected);
  };
  const products = async ({ query, holds }: Search, sort: ProductSort): Promise<void> => {
    const path = `/v1/products?limit=100&sort=${sort}${query && `&${query}`}`;
    const expected = sorted(source.products.filter(holds), sort);
    await list(path, contentOf, expected.map(contentOf));
  };
  const searches = searchesOf(source);
  for (const sort of PRODUCT_SORTS) await products({ query: '', holds: () => true }, sort);
  await forEachInFlight([...searches.entries()], REQUESTS_AT_ONCE, ([i, search]) =>
    products(search, PRODUCT_SORTS[i % PRODUCT_SORTS.length] ?? 'product_id'),
  );
  const some = [{ query: '', holds: () => true }, ...searches.filter((_, i) => i % 50 === 0)];
  for (const { query, holds } of some) {
    const path = `/v1/products?sort=name&${query}`;
    const expected = sorted(source.products.filter(holds), 'name');
    const lines = (await api.text(path, 'application/x-ndjson')).split('\n').filter((line) => line !== '');
    found.list(
      `NDJSON of ${path}`,
      lines.map((line) => contentOf(JSON.parse(line) as SourceProduct)),
      expected.map(contentOf),
    );
    const rows: Record<string, string>[] = parse(await api.text(path, 'text/csv'), { columns: true });
    const cells = (row: Readonly<Record<string, string>>) => [
      row['product_id'],
      row['name'],
      row['price'],
      row['cat_ids'],
    ];
    const wanted = expected.map(({ product_id, name, price, cat_ids }) => [
      ...[String(product_id), defused(name), String(price), cat_ids.join('|')],
    ]);
    found.list(`CSV of ${path}`, rows.map(cells), wanted);
  }
  console.log(`products: ${found.compared - before} compared`);
  await compareUsers(api, source.users, found, list);
}

async function compareUsers(
  api: Api,
  users: readonly SourceUser[],
  found: Comparison,
  list: (path: string, idOf: (one: never) => unknown, expected: readonly unknown[]) => Promise<void>,
): Promise<void> {
  const before = found.compared;
  const all = async (sort: string): Promise<SourceUser[]> => {
    const text = await api.text(`/v1/users?sort=${sort}`, 'application/x-ndjson');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as SourceUser);
  };
  const content = ({ user_id, name, email }: SourceUser) => [user_id, name, email];
  // Imported users are registered at the moment of the import, in the order of the log.
  const expected = users.map(content);
  found.list('NDJSON of users, oldest first', (await all('registered_at')).map(content), expected);
  found.list('NDJSON of users, newest first', (await all('-registered_at')).map(content), [...expected].reverse());
  await list('/v1/users?limit=100&sort=registered_at', content, expected);
  const rows: Record<string, string>[] = parse(await api.text('/v1/users?sort=registered_at', 'text/csv'), {
    columns: true,
  });
  const cells = users.map(({ user_id, name, email }) => [user_id, defused(name), defused(email)]);
  found.list(
    'CSV of users',
    rows.map((row) => [row['user_id'], row['name'], row['email']]),
    cells,
  );
  await forEachInFlight(users, REQUESTS_AT_ONCE, (user) =>
    list(`/v1/users?email=${encodeURIComponent(user.email)}`, content, [content(user)]),
  );
  console.log(`users: ${found.compared - before} compared`);
}

/** Every SKU, words of names and parts of them, prices, categories, and some of these together. */
function searchesOf({ products, categories, inCategory }: Source): Search[] {
  const plain = new Map(products.map((one) => [one, [bare(one.name), bare(one.sku)]]));
  const holdsText = (text: string) => (one: SourceProduct) =>
    (plain.get(one) ?? []).some((of) => of.includes(bare(text)));
  const words = [...new Set(products.flatMap(({ name }) => name.split(/\s+/)))].filter((word) => word !== '');
  const texts = words.filter((_, i) => i % EVERY_WORD === 0).flatMap((word) => [word, word.slice(1, 4).toLowerCase()]);
  const q = (text: string): Search => ({ query: `q=${encodeURIComponent(text)}`, holds: holdsText(text) });
  const stands = (catId: number): Search => ({
    query: `cat_id=${catId}`,
    holds: (one) => inCategory(catId).has(one.product_id),
  });
  const prices = [...new Set(products.map(({ price }) => price))].filter((_, i) => i % 4 === 0);
  return [
    ...products.map(({ sku }): Search => ({
      query: `sku=${encodeURIComponent(sku)}`,
      holds: (one) => one.sku === sku,
    })),
    ...texts.filter((text) => text !== '').map(q),
    ...categories.filter((catId) => inCategory(catId).size > 0).map(stands),
    ...prices.flatMap((price): Search[] => [
      { query: `price_min=${price}`, holds: (one) => one.price >= price },
      { query: `price_max=${price}`, holds: (one) => one.price <= price },
      {
        query: `price_min=${price}&price_max=${price * 2}`,
        holds: (one) => one.price >= price && one.price <= price * 2,
      },
    ]),
    ...products
      .filter((_, i) => i % 10 === 0)
      .map((product): Search => {
        const [text, cat] = [q(product.name.slice(0, 3).trim() || product.sku), stands(product.cat_ids[0] ?? 0)];
        return {
          query: `${text.query}&${cat.query}&price_max=${product.price}`,
          holds: (one) => text.holds(one) && cat.holds(one) && one.price <= product.price,
        };
      }),
  ];
}

function sorted(products: readonly SourceProduct[], sort: ProductSort): SourceProduct[] {
  const by = (one: SourceProduct): string | number =>
    sort.endsWith('name') ? bare(one.name) : sort.endsWith('price') ? one.price : one.product_id;
  const compared = [...products].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    return x === y ? a.product_id - b.product_id : bytesBefore(x, y) ? -1 : 1;
  });
  return sort.startsWith('-') ? compared.reverse() : compared;
}

/** Texts as bytes of UTF-8 compare: JavaScript's own order differs beyond the first 65,536 characters. */
function bytesBefore(x: string | number, y: string | number): boolean {
  if (typeof x === 'number' || typeof y === 'number') return x < y;
  return Buffer.compare(Buffer.from(x), Buffer.from(y)) < 0;
}

/** Without case and accents, written again rather than taken from what is checked. */
function bare(text: string): string {
  return Array.from(text.normalize('NFKD').toLowerCase())
    .filter((char) => !/\p{Mark}/u.test(char))
    .join('');
}

function defused(cell: string): string {
  return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}

function contentOf({ product_id, sku, name, price, cat_ids }: SourceProduct): unknown[] {
  return [product_id, sku, name, price, cat_ids];
}
