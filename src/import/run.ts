import { secondsSince } from '../commands/output.js';
import { bounds, type Progress, Refusal } from '../engine/index.js';
import { checkImport } from './check.js';
import { plannedOrders } from './check-orders.js';
import { LEFT_OUT, RowFaults } from './finding.js';
import { Findings } from './findings.js';
import type { CheckOptions, ImportPlan } from './plan.js';
import type { CategoryRow, OrderRow, ProductRow, StockRow, UserRow } from './rows.js';
import type { StoredState } from './stored.js';

/**
 * Where rows go: the commands. Each answers with the number of events it appended, 0 where it had been carried out before.
 * A Refusal is a finding on the row; any other error ends the import.
 */
export interface Sink {
  /** Parents before children, in this batch and in those before it. */
  addCategories(batch: readonly CategoryRow[]): Promise<number>;
  addProduct(row: ProductRow): Promise<number>;
  countStock(row: StockRow): Promise<number>;
  registerUser(row: UserRow): Promise<number>;
  placeOrder(row: OrderRow): Promise<number>;
  retireProduct(row: ProductRow): Promise<number>;
  eraseUser(row: UserRow): Promise<number>;
}

export interface RunOptions {
  /** Rows under way at once. */
  readonly inFlight?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** The answer of `orderlog import`. */
export interface ImportResult {
  /** Events. */
  readonly appended: number;
  /** Rows that were stored already. */
  readonly skipped: number;
  readonly seconds: number;
  readonly findings: Findings;
  /** Why nothing was appended: the findings forbid it, also where bad rows may be left out (`tree`). */
  readonly refused: 'findings' | 'tree' | null;
}

const CATEGORIES_AT_ONCE = 500;
/** Rows under way at once, unless told otherwise. */
export const IN_FLIGHT = 128;
/** Refusals that say nothing against the row: the next run may find things otherwise. */
const NOT_OF_THE_ROW: ReadonlySet<string> = new Set([
  'revision-conflict',
  'read-model-behind',
  'database-unavailable',
  'overloaded',
]);

/** Checks a folder and, unless it is a dry run or the findings forbid it, appends what it holds. */
export async function importFolder(
  dir: string,
  stored: StoredState,
  sink: Sink,
  options: CheckOptions & RunOptions & { readonly dryRun?: boolean },
): Promise<ImportResult> {
  const begun = performance.now();
  const { findings, plan, skipped } = await checkImport(dir, stored, options);
  const outcome = plan && !options.dryRun ? await runImport(plan, sink, options, findings) : null;
  return {
    appended: outcome?.appended ?? 0,
    skipped: outcome?.skipped ?? skipped,
    seconds: secondsSince(begun),
    findings,
    refused: plan ? null : options.onError === 'stop' ? 'findings' : 'tree',
  };
}

/**
 * Appends what a plan holds. An interrupted run is finished by checking and running again.
 * @param findings to which those of the run are added
 * @throws what the sink throws, but for refusals
 */
export async function runImport(
  plan: ImportPlan,
  sink: Sink,
  options: RunOptions = {},
  findings = new Findings(),
): Promise<ImportResult> {
  const run = new Run(plan, sink, options, findings);
  const begun = performance.now();
  try {
    await run.categories();
    await run.products();
    await run.stock();
    await run.users();
    await run.orders();
    await run.endings();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  } finally {
    options.progress?.stop();
  }
  const { appended, skipped } = run;
  return { appended, skipped, seconds: secondsSince(begun), findings, refused: null };
}

const PRODUCT_LEFT_OUT = `the product is left out: ${LEFT_OUT}`;

/** A rule refused a row, and nothing may go on after that. */
class Stopped extends Error {}

class Run {
  appended = 0;
  skipped: number;
  readonly #refused = new Set<string | number>();
  readonly #inFlight: number;

  constructor(
    private readonly plan: ImportPlan,
    private readonly sink: Sink,
    private readonly options: RunOptions,
    private readonly findings: Findings,
  ) {
    this.skipped = plan.skipped;
    this.#inFlight = options.inFlight ?? IN_FLIGHT;
  }

  async categories(): Promise<void> {
    const { categories } = this.plan;
    this.#start('categories', categories.length);
    for (let i = 0; i < categories.length; i += CATEGORIES_AT_ONCE) {
      const batch = categories.slice(i, i + CATEGORIES_AT_ONCE);
      const first = batch[0] as CategoryRow;
      const row = { file: this.plan.sources['categories.csv'], line: first.line, column: 'cat_id', id: first.cat_id };
      // Products stand on the tree: without a part of it nothing goes on.
      if (!(await this.#send(row, batch.length, () => this.sink.addCategories(batch)))) throw new Stopped();
    }
  }

  async products(): Promise<void> {
    const { products, sources } = this.plan;
    this.#start('products', products.length);
    await bounds.forEachInFlight(products, this.#inFlight, async (product) => {
      const row = { file: sources['products.csv'], line: product.line, column: 'product_id', id: product.product_id };
      if (!(await this.#send(row, 1, () => this.sink.addProduct(product)))) this.#refused.add(product.product_id);
    });
  }

  async stock(): Promise<void> {
    const { stock, sources } = this.plan;
    this.#start('stock', stock.length);
    await bounds.forEachInFlight(stock, this.#inFlight, async (counted) => {
      const { line, product_id: id } = counted;
      const row = { file: sources['stock.csv'], line, column: 'product_id', id };
      if (!this.#refused.has(id)) await this.#send(row, 1, () => this.sink.countStock(counted));
      else new RowFaults(this.findings, row.file?.name ?? '', line).add(row.column, String(id), PRODUCT_LEFT_OUT);
    });
  }

  async users(): Promise<void> {
    const { users, sources } = this.plan;
    this.#start('users', users.length);
    await bounds.forEachInFlight(users, this.#inFlight, async (user) => {
      const row = { file: sources['users.csv'], line: user.line, column: 'user_ref', id: user.user_ref };
      if (!(await this.#send(row, 1, () => this.sink.registerUser(user)))) this.#refused.add(user.user_ref);
    });
  }

  async orders(): Promise<void> {
    const { orders } = this.plan;
    if (!orders) return;
    this.#start('orders', orders.count);
    const place = async (order: OrderRow): Promise<void> => {
      const row = { file: orders.source, line: order.line, column: 'order_ref', id: order.order_ref };
      const missing = this.#missing(order);
      if (missing) new RowFaults(this.findings, orders.source.name, order.line).add(...missing);
      else await this.#send(row, 1, () => this.sink.placeOrder(order));
    };
    await bounds.forEachInFlight(plannedOrders(orders), this.#inFlight, place, bounds.sizeOf);
  }

  /** What is not there any more: its orders came first. */
  async endings(): Promise<void> {
    const { products, users, sources } = this.plan;
    const retired = products.filter((row) => row.retired && !this.#refused.has(row.product_id));
    const erased = users.filter((row) => row.erased && !this.#refused.has(row.user_ref));
    this.#start('retired and erased', retired.length + erased.length);
    await bounds.forEachInFlight(retired, this.#inFlight, async (product) => {
      const row = { file: sources['products.csv'], line: product.line, column: 'status', id: product.product_id };
      await this.#send(row, 0, () => this.sink.retireProduct(product));
      this.options.progress?.advance();
    });
    await bounds.forEachInFlight(erased, this.#inFlight, async (user) => {
      const row = { file: sources['users.csv'], line: user.line, column: 'status', id: user.user_ref };
      await this.#send(row, 0, () => this.sink.eraseUser(user));
      this.options.progress?.advance();
    });
  }

  #start(what: string, total: number): void {
    if (total > 0) this.options.progress?.start(what, total);
  }

  /** What an order names and the commands have refused a moment ago. */
  #missing(order: OrderRow): [column: string, value: string, message: string] | null {
    if (this.#refused.size === 0) return null;
    if (this.#refused.has(order.user_ref)) return ['user_ref', order.user_ref, `the user is left out: ${LEFT_OUT}`];
    const i = order.items.findIndex((item) => this.#refused.has(item.product_id));
    return i < 0 ? null : [`items[${i}].product_id`, String(order.items[i]?.product_id), PRODUCT_LEFT_OUT];
  }

  /** @returns false when a rule refused */
  async #send(
    row: { file: { name: string } | undefined; line: number; column: string; id: string | number },
    rows: number,
    command: () => Promise<number>,
  ): Promise<boolean> {
    this.options.signal?.throwIfAborted();
    try {
      const events = await command();
      this.appended += events;
      if (events === 0) this.skipped += rows;
    } catch (error) {
      if (!(error instanceof Refusal) || NOT_OF_THE_ROW.has(error.code)) throw error;
      new RowFaults(this.findings, row.file?.name ?? '', row.line).add(row.column, String(row.id), error.message);
      if (this.plan.onError === 'stop') throw new Stopped();
      return false;
    } finally {
      this.options.progress?.advance(rows);
    }
    return true;
  }
}
