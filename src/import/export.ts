/** Writes an installation as import files: what `orderlog import` makes the same shop of. Everything personal is in the clear. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'csv-stringify/sync';
import type { CategoryAnswer } from '../category/answer.js';
import type { DocumentStore } from '../documents/document-store.js';
import { DocumentUnreadable } from '../documents/frames.js';
import type { Position, Progress, Standing } from '../engine/index.js';
import type { OrderAnswer } from '../order/answer.js';
import type { ProductAnswer } from '../product/answer.js';
import type { StockAnswer } from '../stock/answer.js';
import type { UserAnswer } from '../user/answer.js';
import { makePart, requireEmpty } from './export-part.js';
import { CATEGORY_COLUMNS, PRODUCT_COLUMNS, STOCK_COLUMNS, USER_COLUMNS } from './rows.js';
import { SHORTENED } from './spreadsheet.js';

interface Range<Key> {
  readonly after: Key | null;
  readonly limit: number;
}

/** The read models as far as an export reads them, on one snapshot. */
export interface ExportedModels<UserKey, OrderKey> {
  readonly tree: { all(): Promise<{ readonly position: Position; readonly categories: readonly CategoryAnswer[] }> };
  readonly products: {
    list(range: Range<number> & { readonly status: ProductAnswer['status'] }): Promise<{
      readonly position: Position;
      readonly products: readonly ProductAnswer[];
      readonly next: number | null;
    }>;
  };
  readonly stock: {
    list(range: Range<number>): Promise<{ readonly stock: readonly StockAnswer[]; readonly next: number | null }>;
  };
  readonly users: {
    newest(
      range: Range<UserKey>,
    ): Promise<Standing & { readonly users: readonly UserAnswer[]; readonly next: UserKey | null }>;
    idProof(
      userId: string,
    ): Promise<{ readonly idProof: { readonly document_id: string; readonly key: string } | null }>;
  };
  readonly orders: {
    list(
      range: Range<OrderKey>,
    ): Promise<Standing & { readonly orders: readonly OrderAnswer[]; readonly next: OrderKey | null }>;
  };
}

export interface FrozenModels<UserKey, OrderKey> {
  readonly models: ExportedModels<UserKey, OrderKey>;
  readonly release: () => Promise<void>;
}

export interface ExportDeps<UserKey, OrderKey> {
  readonly freeze: () => Promise<FrozenModels<UserKey, OrderKey>>;
  readonly documents: Pick<DocumentStore, 'read'>;
}

export interface ExportOptions {
  readonly withProofs: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface Exported {
  /** Of the log: the orders are as they were there, the rest as it was then or a moment later. */
  readonly position: Position;
  readonly categories: number;
  readonly products: { active: number; retired: number };
  /** Tracked products. */
  readonly stock: number;
  readonly users: { active: number; erased: number };
  readonly orders: number;
  readonly proofs: number;
  /** What is not in the files as it should be. */
  readonly findings: string[];
  /** What became of folders that exports left which were killed. */
  readonly notes: readonly string[];
}

const PAGE = 1_000;
/** How often a snapshot is looked for in which nothing that an order names is missing. */
const TRIES = 200;
const PAUSE_MS = 25;
const PROOFS = 'proofs';

/**
 * The folder appears under its name when it is whole.
 * @throws WrongUse for a folder that holds something
 */
export async function exportFolder<UserKey, OrderKey>(
  named: string,
  deps: ExportDeps<UserKey, OrderKey>,
  options: ExportOptions,
): Promise<Exported> {
  const dir = await requireEmpty(named);
  const { part, notes } = await makePart(dir);
  try {
    const { models, release } = await consistent(deps);
    try {
      const exported = await writeFiles(part, models, deps.documents, options);
      await rename(part, dir);
      return { ...exported, notes };
    } finally {
      options.progress.stop();
      await release();
    }
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

/** A snapshot in which users, products and categories are at least as far as what names them. */
async function consistent<UserKey, OrderKey>({
  freeze,
}: ExportDeps<UserKey, OrderKey>): Promise<FrozenModels<UserKey, OrderKey>> {
  for (let tries = 0; tries < TRIES; tries++) {
    const frozen = await freeze();
    const { tree, products, users, orders } = frozen.models;
    const one = { after: null, limit: 1 };
    const placed = await orders.list(one);
    const listed = await products.list({ ...one, status: 'active' });
    const [registered, categories] = [await users.newest(one), await tree.all()];
    const isWhole = registered.position >= placed.position && listed.position >= placed.position;
    if (isWhole && categories.position >= listed.position) return frozen;
    await frozen.release();
    await sleep(PAUSE_MS);
  }
  throw new Error('the read models are too far apart to be exported: see orderlog status, and try again');
}

async function writeFiles<UserKey, OrderKey>(
  dir: string,
  models: ExportedModels<UserKey, OrderKey>,
  documents: ExportDeps<UserKey, OrderKey>['documents'],
  { withProofs, progress, signal }: ExportOptions,
): Promise<Omit<Exported, 'notes'>> {
  const { position, degraded } = await models.orders.list({ after: null, limit: 1 });
  const { categories } = await models.tree.all();
  const counts = {
    products: { active: 0, retired: 0 },
    users: { active: 0, erased: 0 },
    stock: 0,
    orders: 0,
    proofs: 0,
  };
  const findings: string[] = [];
  if (degraded > 0) findings.push(`${degraded} orders are as they were before an event that could not be applied`);

  async function* productRows(): AsyncGenerator<unknown[][]> {
    for (const status of ['active', 'retired'] as const) {
      for await (const page of pages((range: Range<number>) => models.products.list({ ...range, status }))) {
        counts.products[status] += page.products.length;
        for (const { product_id, cat_ids } of page.products) {
          if (cat_ids.length > 0) continue;
          findings.push(
            `product ${product_id} is in no category, and import refuses it: give it one (PATCH /v1/products/${product_id}), and export again`,
          );
        }
        progress.advance(page.products.length);
        yield page.products.map((product) => [
          ...values(product, PRODUCT_COLUMNS.required, { cat_ids: product.cat_ids.join('|') }),
          status,
        ]);
      }
    }
  }

  async function* stockRows(): AsyncGenerator<unknown[][]> {
    for await (const { stock } of pages((range: Range<number>) => models.stock.list(range))) {
      counts.stock += stock.length;
      for (const { product_id, available } of stock) {
        if (available < 0)
          findings.push(
            `product ${product_id} has ${available} available, and stock.csv says 0: count it after the import`,
          );
      }
      // What placed orders hold is promised: imported orders hold nothing, and it is not to be sold twice.
      yield stock.map(({ product_id, available }) => [product_id, Math.max(available, 0)]);
    }
  }

  async function* userRows(): AsyncGenerator<unknown[][]> {
    for await (const page of pages((range: Range<UserKey>) => models.users.newest(range))) {
      const rows: unknown[][] = [];
      for (const { user_id, name, email, status, registered_at, id_proof } of page.users) {
        signal.throwIfAborted();
        counts.users[status] += 1;
        const proof = withProofs && id_proof ? await writeProof(user_id) : '';
        rows.push([user_id, name ?? '', email ?? '', proof, registered_at, status]);
        progress.advance();
      }
      yield rows;
    }
  }

  async function writeProof(userId: string): Promise<string> {
    const path = `${PROOFS}/${userId}.pdf`;
    const { idProof } = await models.users.idProof(userId);
    try {
      if (!idProof) throw new DocumentUnreadable('its key is gone');
      const { content } = await documents.read(idProof.document_id, idProof.key);
      await pipeline(content, createWriteStream(join(dir, path), { mode: 0o600, flags: 'wx' }), { signal });
      counts.proofs += 1;
      return path;
    } catch (error) {
      if (!(error instanceof DocumentUnreadable)) throw error;
      await rm(join(dir, path), { force: true });
      findings.push(`the id proof of user ${userId} can not be read`);
      return '';
    }
  }

  async function* orderLines(): AsyncGenerator<string> {
    for await (const page of pages((range: Range<OrderKey>) => models.orders.list(range))) {
      counts.orders += page.orders.length;
      progress.advance(page.orders.length);
      yield page.orders.map((order) => `${JSON.stringify(orderRow(order))}\n`).join('');
    }
  }

  if (withProofs) await mkdir(join(dir, PROOFS), { mode: 0o700 });
  const write = async (name: string, content: AsyncIterable<string>): Promise<void> => {
    await pipeline(
      Readable.from(content),
      createWriteStream(join(dir, name), { mode: 0o600, flags: 'wx', flush: true }),
      { signal },
    );
  };
  await write(
    'categories.csv',
    csv(CATEGORY_COLUMNS.required, [categories.map((one) => values(one, CATEGORY_COLUMNS.required))]),
  );
  progress.start('products', null);
  await write('products.csv', csv([...PRODUCT_COLUMNS.required, 'status'], productRows()));
  await write('stock.csv', csv(STOCK_COLUMNS.required, stockRows()));
  progress.start('users', null);
  await write('users.csv', csv([...USER_COLUMNS.required, ...USER_COLUMNS.optional], userRows()));
  progress.start('orders', null);
  await write('orders.ndjson', orderLines());
  return { position, categories: categories.length, ...counts, findings };
}

async function* pages<Key, Page extends { readonly next: Key | null }>(
  page: (range: Range<Key>) => Promise<Page>,
): AsyncGenerator<Page> {
  let after: Key | null = null;
  do {
    const one: Page = await page({ after, limit: PAGE });
    yield one;
    after = one.next;
  } while (after !== null);
}

async function* csv(
  columns: readonly string[],
  pagesOfRows: Iterable<unknown[][]> | AsyncIterable<unknown[][]>,
): AsyncGenerator<string> {
  yield `${columns.join()}\n`;
  // In quotes, such a text is not taken for a number that a spreadsheet has shortened.
  for await (const rows of pagesOfRows) yield stringify(rows, { quoted_match: SHORTENED });
}

function values(item: object, columns: readonly string[], instead: Readonly<Record<string, unknown>> = {}): unknown[] {
  const all: Readonly<Record<string, unknown>> = { ...item, ...instead };
  return columns.map((column) => all[column] ?? '');
}

/** As the import reads it. What the order is called here is gone: its id is its reference in the file. */
function orderRow({ order_id, user_id, placed_at, currency, external_reference, items, history }: OrderAnswer): object {
  const paid = history.find(({ status }) => status === 'paid');
  const cancelled = history.find(({ status }) => status === 'cancelled');
  return {
    ...{ order_ref: order_id, user_ref: user_id, external_reference, placed_at, currency },
    items: items.map(({ sku, product_id, name, quantity, unit_price }) => ({
      sku,
      product_id,
      name,
      quantity,
      unit_price,
    })),
    ...(paid && { paid_at: paid.at }),
    ...(paid?.reference && { reference: paid.reference }),
    ...(cancelled && { cancelled_at: cancelled.at }),
    ...(cancelled?.reason && { reason: cancelled.reason }),
  };
}
