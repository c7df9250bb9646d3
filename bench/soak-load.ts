/** The mixed load of a soak: what clerks, customers and screens ask for, by turns. It takes note of what it must not get. */
import { PDF } from './catalog.js';

/** One request of a turn; which come how often. */
const TURN = [
  ...['place', 'counts', 'keyed', 'pay', 'orders', 'place', 'tree', 'keyed', 'own-write', 'pay'],
  ...['place', 'products', 'keyed-again', 'cancel', 'order', 'place', 'stock', 'receive', 'user-orders', 'pay'],
] as const;
type Kind = (typeof TURN)[number] | 'register';

const WRITES: ReadonlySet<Kind> = new Set(['place', 'keyed', 'keyed-again', 'pay', 'cancel', 'receive', 'register']);
/** Requests between two registrations with an id proof. */
const REGISTER_EVERY = 400;
/** Orders that wait to be paid, canceled or read. */
const KEPT = 5_000;

export interface Taken {
  readonly requests: number;
  readonly writes: readonly number[];
  readonly reads: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly data?: { readonly order_id?: string; readonly user_id?: string } } | null;
}

export class SoakLoad {
  readonly errors: Record<string, number> = {};
  /** Acknowledged, and not yet told by the tail. */
  readonly untold = new Set<string>();
  /** Told by the tail before the answer came. */
  readonly #told = new Set<string>();
  readonly #open: string[] = [];
  readonly #users: string[];
  readonly #name = Math.random().toString(36).slice(2);
  #tree: string | null = null;
  #lastKey: { readonly key: string; readonly body: object; readonly order: string } | null = null;
  #writes: number[] = [];
  #reads: number[] = [];

  constructor(
    readonly url: string,
    users: readonly string[],
    readonly products: number,
    /** Products 1 to this number have stock. */
    readonly tracked: number,
  ) {
    this.#users = [...users];
  }

  /** Milliseconds that requests took since this was last asked. */
  taken(): Taken {
    const taken = { requests: this.#writes.length + this.#reads.length, writes: this.#writes, reads: this.#reads };
    this.#writes = [];
    this.#reads = [];
    return taken;
  }

  fault(what: string): void {
    this.errors[what] = (this.errors[what] ?? 0) + 1;
  }

  /** The tail told of this order. */
  tell(orderId: string): void {
    if (!this.untold.delete(orderId)) this.#told.add(orderId);
  }

  /** Never rejects. */
  async send(n: number, due: number): Promise<void> {
    const kind: Kind = n % REGISTER_EVERY === REGISTER_EVERY - 1 ? 'register' : (TURN[n % TURN.length] as Kind);
    try {
      await this.#run(kind, n);
    } catch (error) {
      this.fault(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
    }
    (WRITES.has(kind) ? this.#writes : this.#reads).push(performance.now() - due);
  }

  async #run(kind: Kind, n: number): Promise<void> {
    const user = this.#users[n % this.#users.length] as string;
    switch (kind) {
      case 'place':
        await this.#place(user, n, {});
        return;
      case 'keyed':
        await this.#keyed(user, n);
        return;
      case 'keyed-again':
        await this.#keyedAgain();
        return;
      case 'own-write': {
        const { order, position } = await this.#place(user, n, {});
        await this.#ask(`/v1/orders/${order}`, { headers: { 'min-log-position': position, prefer: 'wait=10' } });
        return;
      }
      case 'pay':
      case 'cancel': {
        const order = this.#open.shift();
        if (order === undefined) return;
        await this.#post(`/v1/orders/${order}/${kind === 'pay' ? 'mark-paid' : 'cancel'}`, {});
        return;
      }
      case 'receive':
        await this.#post(`/v1/products/${1 + (n % this.tracked)}/stock/receive`, { quantity: 20 });
        return;
      case 'register':
        await this.#register(n);
        return;
      case 'tree': {
        const { headers } = await this.#ask(
          '/v1/categories',
          this.#tree ? { headers: { 'if-none-match': this.#tree } } : {},
        );
        this.#tree = headers.get('etag');
        return;
      }
      case 'order': {
        const [order] = this.#open;
        if (order !== undefined) await this.#ask(`/v1/orders/${order}`);
        return;
      }
      case 'counts':
        await this.#ask(`/v1/categories/${1 + (n % 5)}/order-counts`);
        return;
      case 'orders':
        await this.#ask('/v1/orders?status=placed&limit=20');
        return;
      case 'user-orders':
        await this.#ask(`/v1/users/${user}/orders?limit=20`);
        return;
      case 'products':
        await this.#ask(`/v1/products?limit=20&cat_id=${1 + (n % 5)}`);
        return;
      case 'stock':
        await this.#ask(`/v1/products/${1 + (n % this.tracked)}/stock`);
        return;
    }
  }

  async #place(
    user: string,
    n: number,
    headers: Record<string, string>,
    kept?: object,
  ): Promise<{ order: string; position: string }> {
    const body = kept ?? {
      user_id: user,
      items: [0, 1, 2].map((i) => ({ product_id: 1 + ((n * 7 + i * 31) % this.products), quantity: 1 + (n % 3) })),
    };
    const answer = await this.#post('/v1/orders', body, headers);
    const order = answer.body?.data?.order_id ?? '';
    if (answer.headers.get('idempotency-replayed') !== 'true') {
      if (!this.#told.delete(order)) this.untold.add(order);
      if (this.#open.length < KEPT) this.#open.push(order);
    }
    return { order, position: answer.headers.get('log-position') ?? '' };
  }

  async #keyed(user: string, n: number): Promise<void> {
    const key = `soak-${this.#name}-${n}`;
    const body = { user_id: user, items: [{ product_id: 1 + (n % this.products), quantity: 1 }] };
    const { order } = await this.#place(user, n, { 'idempotency-key': key }, body);
    this.#lastKey = { key, body, order };
  }

  /** The last key once more: one order, one answer. */
  async #keyedAgain(): Promise<void> {
    const last = this.#lastKey;
    if (!last) return;
    // Two repeats at once would be two requests at once under one key, which the second one is told.
    this.#lastKey = null;
    const { order } = await this.#place('', 0, { 'idempotency-key': last.key }, last.body);
    if (order !== last.order) this.fault('a repeated key placed a second order');
  }

  async #register(n: number): Promise<void> {
    const form = new FormData();
    form.set('name', `User ${n}`);
    form.set('email', `soak-${this.#name}-${n}@example.org`);
    form.set('id_proof', new Blob([PDF], { type: 'application/pdf' }), 'proof.pdf');
    const { body } = await this.#ask('/v1/users', { method: 'POST', body: form });
    if (body?.data?.user_id !== undefined) this.#users.push(body.data.user_id);
  }

  #post(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
    const json = { 'content-type': 'application/json', ...headers };
    return this.#ask(path, { method: 'POST', headers: json, body: JSON.stringify(body) });
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const answer = await fetch(this.url + path, init);
    const text = await answer.text();
    if (!answer.ok && answer.status !== 304) {
      const { code } = JSON.parse(text || '{}') as { code?: string };
      throw new Error(`${answer.status} ${code ?? ''}`);
    }
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? null : (JSON.parse(text) as Answer['body']),
    };
  }
}
