import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { CategoryAnswer } from '../../src/category/answer.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import type { ProductAnswer } from '../../src/product/answer.js';
import { BruteForce } from './brute-force.js';
import { type Answer, answered, type Client, outcome } from './http-client.js';

const KINDS = [
  ...['category', 'category', 'category', 'rename', 'move', 'move', 'remove'],
  ...['product', 'product', 'product', 'categorise', 'categorise', 'retire', 'reinstate'],
  ...['place', 'place', 'place', 'place', 'pay', 'cancel', 'late retry'],
] as const;

/** What somebody wants, with numbers that choose among what is there at that moment. */
export interface Choice {
  readonly kind: (typeof KINDS)[number];
  readonly one: number;
  readonly other: number;
  readonly many: readonly number[];
  readonly sent: 'once' | 'twice' | 'twice at once';
}

export const choices = fc.record<Choice>({
  kind: fc.constantFrom(...KINDS),
  one: fc.nat(1000),
  other: fc.nat(1000),
  many: fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }),
  sent: fc.constantFrom('once', 'once', 'twice', 'twice at once'),
});

interface Command {
  readonly method: string;
  readonly path: string;
  readonly json?: object;
}

/** Sends random commands over HTTP and keeps, by the rules alone, what the shop must be like after each. */
export class RandomShop {
  readonly expected = new BruteForce();
  #made = 0;
  #upToDate = true;
  /** Commands that have made something, with the key they were sent under. */
  readonly #done: { command: Command; key: string; data: unknown }[] = [];

  constructor(
    public http: Client,
    readonly userId: string,
  ) {}

  /** @param upToDate the read models follow: what they must know for a refusal, they know */
  async act({ kind, one, other, many, sent }: Choice, upToDate: boolean): Promise<void> {
    this.#upToDate = upToDate;
    const { parents, products, orders } = this.expected;
    const category = pick([...parents.keys()], one);
    const parent = pick([null, ...parents.keys()], other) ?? null;
    const product = pick([...products.keys()], one);
    const order = pick([...orders.keys()], one);
    const catIds = many.flatMap((number) => pick([...parents.keys()], number) ?? []);
    const ordered = many.flatMap((number) => pick([...products.keys()], number) ?? []);
    if (kind === 'category') await this.#addCategory(parent, sent);
    else if (kind === 'rename' && category !== undefined) await this.#rename(category, sent);
    else if (kind === 'move' && category !== undefined) await this.#move(category, parent, sent);
    else if (kind === 'remove' && category !== undefined && upToDate) await this.#remove(category, sent);
    else if (kind === 'product' && catIds.length > 0) await this.#addProduct(catIds, one, sent);
    else if (kind === 'categorise' && product !== undefined && catIds.length > 0) {
      await this.#categorise(product, catIds, sent);
    } else if (kind === 'retire' || kind === 'reinstate') {
      if (product !== undefined) await this.#retire(product, kind, sent);
    } else if (kind === 'place' && ordered.length > 0) await this.#place(ordered, sent);
    else if (kind === 'pay' || kind === 'cancel') {
      if (order !== undefined) await this.#end(order, kind, sent);
    } else if (kind === 'late retry') await this.#retry(one);
  }

  async #addCategory(parent: number | null, sent: Choice['sent']): Promise<void> {
    const json = { name: `Category ${++this.#made}`, parent_cat_id: parent };
    const answer = await this.#send({ method: 'POST', path: '/v1/categories', json }, sent, '201');
    const { cat_id, name } = answer.data as CategoryAnswer;
    assert.ok(!this.expected.parents.has(cat_id), 'an id is given out once');
    this.expected.parents.set(cat_id, parent);
    this.expected.names.set(cat_id, name);
  }

  async #rename(category: number, sent: Choice['sent']): Promise<void> {
    const name = `Name ${++this.#made}`;
    await this.#send({ method: 'PATCH', path: `/v1/categories/${category}`, json: { name } }, sent, '200');
    this.expected.names.set(category, name);
  }

  async #move(category: number, parent: number | null, sent: Choice['sent']): Promise<void> {
    const json = { parent_cat_id: parent };
    const cycle = parent !== null && this.expected.isWithin(parent, category);
    const wanted = cycle ? '409 category-cycle' : '200';
    await this.#send({ method: 'PATCH', path: `/v1/categories/${category}`, json }, sent, wanted);
    if (!cycle) this.expected.parents.set(category, parent);
  }

  async #remove(category: number, sent: Choice['sent']): Promise<void> {
    const { parents, products } = this.expected;
    const held = [...products.values()].some(({ catIds }) => catIds.includes(category));
    const refused = held || [...parents.values()].includes(category);
    const wanted = refused ? '409 category-not-empty' : '204';
    await this.#send({ method: 'DELETE', path: `/v1/categories/${category}` }, sent, wanted);
    if (!refused) parents.delete(category);
  }

  /** With an id of its own now and then. */
  async #addProduct(catIds: readonly number[], one: number, sent: Choice['sent']): Promise<void> {
    const number = ++this.#made;
    // Ever smaller: what is drawn afterwards goes on behind the first of them.
    const given = one % 5 === 0 ? { product_id: 10_000 - number } : {};
    const json = { ...given, sku: `S${number}`, name: 'Product', price: 1, currency: 'USD', cat_ids: catIds };
    const answer = await this.#send({ method: 'POST', path: '/v1/products', json }, sent, '201');
    const { product_id } = answer.data as ProductAnswer;
    assert.ok(!this.expected.products.has(product_id), 'an id is given out once');
    this.expected.products.set(product_id, { catIds, retired: false });
  }

  async #categorise(product: number, catIds: readonly number[], sent: Choice['sent']): Promise<void> {
    const json = { cat_ids: catIds };
    await this.#send({ method: 'PATCH', path: `/v1/products/${product}`, json }, sent, '200');
    const known = this.expected.products.get(product);
    if (known) known.catIds = catIds;
  }

  async #retire(product: number, kind: 'retire' | 'reinstate', sent: Choice['sent']): Promise<void> {
    await this.#send({ method: 'POST', path: `/v1/products/${product}/${kind}` }, sent, '200');
    const known = this.expected.products.get(product);
    if (known) known.retired = kind === 'retire';
  }

  async #place(productIds: readonly number[], sent: Choice['sent']): Promise<void> {
    const items = productIds.map((product_id) => ({ product_id, quantity: 1 }));
    const json = { user_id: this.userId, items };
    const retired = productIds.some((id) => this.expected.products.get(id)?.retired);
    const wanted = !retired ? '201' : this.#upToDate ? '422 product-retired' : null;
    const answer = await this.#send({ method: 'POST', path: '/v1/orders', json }, sent, wanted);
    if (answer.status !== 201) return;
    this.expected.orders.set((answer.data as OrderAnswer).order_id, { productIds, status: 'placed' });
  }

  async #end(orderId: string, kind: 'pay' | 'cancel', sent: Choice['sent']): Promise<void> {
    const order = this.expected.orders.get(orderId);
    const [action, status] = kind === 'pay' ? (['mark-paid', 'paid'] as const) : (['cancel', 'cancelled'] as const);
    const allowed = order?.status === 'placed' || order?.status === status;
    const wanted = allowed ? '200' : `409 order-${order?.status}`;
    await this.#send({ method: 'POST', path: `/v1/orders/${orderId}/${action}` }, sent, wanted);
    if (order && allowed) order.status = status;
  }

  /** Long after it was carried out: the answer is about the same thing, and nothing happens. */
  async #retry(one: number): Promise<void> {
    const done = pick(this.#done, one);
    if (!done) return;
    const { position } = this.http;
    const answer = await this.#exchange(done.command, done.key);
    // It names the position of the first time: what happened since is still to be waited for.
    this.http.position = position;
    // A category that was removed since can't be shown any more.
    if (outcome(answer) === '404 category-not-found') return;
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('idempotency-replayed'), 'true');
    assert.deepEqual(told(answer.data), told(done.data));
  }

  async #send(command: Command, sent: Choice['sent'], wanted: string | null): Promise<Answer> {
    const key = randomUUID();
    const first = this.#exchange(command, key);
    const second = sent === 'twice at once' ? this.#exchange(command, key) : null;
    const answer = await first;
    const again = sent === 'twice' ? await this.#exchange(command, key) : await second;
    const subject = `${command.method} ${command.path} ${JSON.stringify(command.json ?? {})} ${sent}`;
    if (wanted !== null) assert.equal(outcome(answer), wanted, subject);
    if (again) {
      assert.equal(outcome(again), outcome(answer), `${subject}: the second answer`);
      assert.deepEqual(told(again.data), told(answer.data), `${subject}: the second answer`);
    }
    if (answer.status === 201) this.#done.push({ command, key, data: answer.data });
    return answer;
  }

  #exchange({ method, path, json }: Command, key: string): Promise<Answer> {
    const { position } = this.http;
    const headers: Record<string, string> = { 'idempotency-key': key };
    // What a look-up knows is at least what the last command did.
    if (this.#upToDate && position !== null) headers['min-log-position'] = position;
    return answered(() => this.http.send(method, path, { headers, ...(json && { json }) }));
  }

  /** Every number of every category, over HTTP, against the definition. */
  async compare(): Promise<void> {
    const { data } = await this.http.ok('GET', '/v1/categories');
    assert.deepEqual(data, this.expected.tree());
    for (const category of this.expected.parents.keys()) {
      const counts = await this.http.ok('GET', `/v1/categories/${category}/order-counts`);
      assert.deepEqual(counts.data, this.expected.orderCounts(category), `counts of ${category}`);
      const listed = await this.http.ok('GET', `/v1/products?limit=100&cat_id=${category}`);
      assert.equal((listed.data as unknown[]).length, this.expected.totalProducts(category), `products of ${category}`);
    }
    const orders = await this.http.ok('GET', `/v1/users/${this.userId}/orders?limit=100`);
    const shown = (orders.data as OrderAnswer[]).map(({ order_id, status, items }) => [
      order_id,
      status,
      items.map(({ product_id }) => product_id),
    ]);
    const wanted = [...this.expected.orders].map(([id, { status, productIds }]) => [id, status, productIds]);
    assert.deepEqual(shown.sort(), wanted.sort());
  }
}

/** Of an answer what is always the same: totals, and categories that are still there, are those of the moment. */
function told(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return { ...data, total_products: 0, cat_ids: [] };
}

function pick<T>(things: readonly T[], number: number): T | undefined {
  return things[number % things.length];
}
