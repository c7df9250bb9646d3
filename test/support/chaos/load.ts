/** Commands from several callers at once, and an account of what each was told. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CategoryAnswer } from '../../../src/category/answer.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import type { OrderAnswer } from '../../../src/order/answer.js';
import { type Answer, Client, outcome } from '../http-client.js';

const CALLERS = 6;
const LONGEST_PAUSE_MS = 250;
/** How long a command under a key is sent again. */
const PATIENCE_MS = 60_000;

interface Command {
  readonly method: string;
  readonly path: string;
  readonly json?: object;
  /** The type of event that carrying it out records exactly once. */
  readonly records: string;
}

/** A command as its caller knows it. Each goes by a request id of its own, which its events bear. */
export interface Told extends Command {
  readonly id: string;
  readonly keyed: boolean;
  /** Every answer, in order. */
  readonly outcomes: string[];
  /** Undefined: the caller knows neither. */
  isDone?: boolean;
}

export class Load {
  readonly told: Told[] = [];
  readonly #tops: number[] = [];
  readonly #leaves: number[] = [];
  readonly #products: number[] = [];
  readonly #orders: string[] = [];
  #made = 0;

  constructor(
    private readonly url: string,
    readonly userId: string,
    private readonly random: () => number,
  ) {}

  /** What must be there before anything else. */
  async begin(): Promise<void> {
    for (let n = 0; n < 4; n++) {
      const { data } = await this.send(this.#addCategory(null), true);
      this.#tops.push((data as CategoryAnswer).cat_id);
    }
    for (let n = 0; n < 4; n++) await this.#act('category');
    for (let n = 0; n < 4; n++) await this.#act('product');
  }

  /** Until it is aborted; then waits for what is under way. */
  async run(signal: AbortSignal): Promise<void> {
    const kinds = ['place', 'place', 'place', 'end', 'end', 'category', 'move', 'move', 'product', 'price'] as const;
    const caller = async (): Promise<void> => {
      while (!signal.aborted) {
        await this.#act(this.#pick(kinds) ?? 'place');
        await sleep(this.random() * LONGEST_PAUSE_MS);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  }

  /** An order under a key, sent until it is acknowledged. */
  placeOrder(): Promise<Answer> {
    return this.send(this.#place(), true);
  }

  /** Sends it: under a key as long as the answer is that it is not known or can't be done now, otherwise once. */
  async send(command: Command, keyed: boolean): Promise<Answer> {
    const http = new Client(this.url);
    const told: Told = { ...command, id: `chaos-${randomUUID()}`, keyed, outcomes: [] };
    this.told.push(told);
    const { method, path, json, id } = told;
    const headers = { 'x-request-id': id, ...(keyed && { 'idempotency-key': id }) };
    for (const giveUpAt = Date.now() + PATIENCE_MS; ;) {
      const answer = await http.send(method, path, { headers, ...(json && { json }) });
      told.outcomes.push(outcome(answer));
      const isKnown = answer.status < 500 && outcome(answer) !== '409 idempotency-in-flight';
      if (isKnown) told.isDone = answer.status < 300;
      if (told.isDone !== undefined || !keyed || Date.now() > giveUpAt) return answer;
      await sleep(100);
    }
  }

  async #act(kind: 'place' | 'end' | 'category' | 'move' | 'product' | 'price'): Promise<void> {
    const keyed = this.random() < 0.5;
    if (kind === 'place') {
      const { status, data } = await this.send(this.#place(), keyed);
      if (status === 201) this.#orders.push((data as OrderAnswer).order_id);
    } else if (kind === 'end') {
      const [orderId] = this.#orders.splice(Math.floor(this.random() * this.#orders.length), 1);
      if (orderId === undefined) return;
      const [action, records] = this.random() < 0.7 ? ['mark-paid', 'OrderPaid'] : ['cancel', 'OrderCancelled'];
      await this.send({ method: 'POST', path: `/v1/orders/${orderId}/${action}`, records }, keyed);
    } else if (kind === 'category') {
      const { status, data } = await this.send(this.#addCategory(this.#pick(this.#tops) ?? null), keyed);
      if (status === 201) this.#leaves.push((data as CategoryAnswer).cat_id);
    } else if (kind === 'move') {
      const json = { name: `Name ${++this.#made}`, parent_cat_id: this.#pick(this.#tops) };
      const path = `/v1/categories/${this.#pick(this.#leaves)}`;
      await this.send({ method: 'PATCH', path, json, records: 'CategoryRenamed' }, keyed);
    } else if (kind === 'product') {
      const number = ++this.#made;
      const given = { sku: `SKU-${number}`, name: `Product ${number}`, price: number, currency: 'USD' };
      const json = { ...given, cat_ids: [this.#pick(this.#leaves), this.#pick(this.#tops)] };
      const command = { method: 'POST', path: '/v1/products', json, records: 'ProductAdded' };
      const { status, data } = await this.send(command, keyed);
      if (status === 201) this.#products.push((data as { product_id: number }).product_id);
    } else {
      const path = `/v1/products/${this.#pick(this.#products)}`;
      // Each price once, so that none is no change.
      await this.send(
        { method: 'PATCH', path, json: { price: 1_000 + ++this.#made }, records: 'ProductPriced' },
        keyed,
      );
    }
  }

  #place(): Command {
    const ids = Array.from({ length: 1 + Math.floor(this.random() * 3) }, () => this.#pick(this.#products));
    const json = { user_id: this.userId, items: ids.map((product_id) => ({ product_id, quantity: 1 })) };
    return { method: 'POST', path: '/v1/orders', json, records: 'OrderPlaced' };
  }

  #addCategory(parent_cat_id: number | null): Command {
    const json = { name: `Category ${++this.#made}`, parent_cat_id };
    return { method: 'POST', path: '/v1/categories', json, records: 'CategoryAdded' };
  }

  #pick<T>(things: readonly T[]): T | undefined {
    return things[Math.floor(this.random() * things.length)];
  }

  /** What is in the log beside what the callers were told: a line for everything that does not fit. */
  faultsOf(log: readonly RecordedEvent[]): string[] {
    const counts = new Map<string, number>();
    for (const { metadata, type } of log) {
      const name = `${metadata['correlation_id'] as string} ${type}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return this.told.flatMap(({ id, records, isDone, outcomes, method, path, keyed }) => {
      const times = counts.get(`${id} ${records}`) ?? 0;
      const isRight = isDone === undefined ? times <= 1 : times === (isDone ? 1 : 0);
      const sent = `${method} ${path} ${keyed ? 'under a key' : 'without a key'}`;
      return isRight ? [] : [`${sent} was told ${outcomes.join(', ')}, and ${records} is ${times} times in the log`];
    });
  }

  /** How often each outcome was told. */
  outcomes(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { outcomes } of this.told) for (const one of outcomes) counts[one] = (counts[one] ?? 0) + 1;
    return counts;
  }
}
