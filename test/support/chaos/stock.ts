/** Orders of scarce products are placed, paid and cancelled while the server is killed at random moments. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StockAnswer } from '../../../src/stock/answer.js';
import { Client } from '../http-client.js';
import { Shop } from '../running-app.js';

export interface KilledServer {
  readonly url: string;
  kill(): Promise<unknown>;
  stop(): Promise<unknown>;
}

export interface StockReport {
  rounds: number;
  placed: number;
  refused: number;
  /** Every answer, those to requests sent again too. */
  answers: number;
  /** How often the log was projected a second time and compared. */
  verified: number;
  /** Seconds after the last kill until nothing was reserved for an order that is not placed. */
  settledSeconds: number;
  problems: string[];
}

const BUYERS = 12;
/** What is available of each product when a round begins: the buyers of a round want 24. */
const AVAILABLE = 16;
/** Nothing stays reserved for longer after a crash; the read model may be a little behind. */
const SETTLED_MS = 75_000;

/** After so many rounds everything is counted again, and after the last one. */
const VERIFY_EVERY = 10;

type Fate = 'open' | 'mark-paid' | 'cancel';

/** @param verify says what `orderlog verify` finds, and nothing if that is nothing */
export async function killUnderStock(
  start: () => Promise<KilledServer>,
  verify: () => Promise<string | null>,
  rounds: number,
): Promise<StockReport> {
  const report: StockReport = {
    ...{ rounds, placed: 0, refused: 0, answers: 0, verified: 0, settledSeconds: 0 },
    problems: [],
  };
  const check = async (when: string): Promise<void> => {
    const found = await verify();
    report.verified++;
    if (found !== null) report.problems.push(`${when}: ${found}`);
  };
  let server = await start();
  const shop = new Shop(new Client(server.url));
  const { user_id } = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const products = [await shop.addProduct([cat_id]), await shop.addProduct([cat_id])].map((one) => one.product_id);
  for (const id of products) {
    await shop.http.ok('POST', `/v1/products/${id}/stock/count`, { json: { on_hand: AVAILABLE } });
  }
  const min = { 'min-log-position': shop.http.position ?? '', prefer: 'wait=30' };
  /** Sent again under its key until there is an answer that stays. */
  const send = async (path: string, key: string, json: object): Promise<{ status: number; id: string }> => {
    for (;;) {
      const client = new Client(server.url);
      const sent = { json, headers: { ...min, 'idempotency-key': key } };
      const answer = await client.send('POST', path, sent).catch(() => null);
      if (answer) report.answers++;
      const code = (answer?.body as { code?: string } | undefined)?.code;
      const isOver = answer && answer.status < 500 && code !== 'idempotency-in-flight' && code !== 'revision-conflict';
      if (isOver)
        return { status: answer.status, id: (answer.data as { order_id?: string } | undefined)?.order_id ?? '' };
      await sleep(50);
    }
  };
  const wanted = new Map(products.map((id) => [id, { counted: AVAILABLE, issued: 0, open: 0 }]));
  /** What was sold comes back, so that each round can sell as much as the first. */
  const receive = async (round: number): Promise<void> => {
    for (const [id, one] of wanted) {
      const quantity = AVAILABLE + one.issued + one.open - one.counted;
      if (quantity > 0) await send(`/v1/products/${id}/stock/receive`, `receive-${round}-${id}`, { quantity });
      one.counted += quantity;
    }
  };
  const buy = async (round: number, n: number): Promise<void> => {
    const quantity = 1 + (n % 3);
    const items = products.map((product_id) => ({ product_id, quantity }));
    const { status, id } = await send('/v1/orders', `order ${round} ${n}`.replaceAll(' ', '-'), { user_id, items });
    if (status === 409) report.refused++;
    else if (status !== 201) report.problems.push(`an order was answered with ${status}`);
    if (status !== 201) return;
    report.placed++;
    const fate: Fate = (['mark-paid', 'cancel', 'cancel', 'open'] as const)[n % 4] ?? 'open';
    if (fate !== 'open') await send(`/v1/orders/${id}/${fate}`, `${fate}-${round}-${n}`, {});
    for (const one of wanted.values()) {
      if (fate === 'mark-paid') one.issued += quantity;
      if (fate === 'open') one.open += quantity;
    }
  };
  for (let round = 0; round < rounds; round++) {
    await receive(round);
    const buyers = Promise.all(Array.from({ length: BUYERS }, (_, n) => buy(round, n)));
    await sleep(Math.random() * 400);
    await server.kill();
    server = await start();
    await buyers;
    if ((round + 1) % VERIFY_EVERY === 0) await check(`after ${round + 1} rounds`);
  }
  const since = Date.now();
  let left: string[] = [];
  while (Date.now() - since < SETTLED_MS) {
    left = [];
    for (const [id, { counted, issued, open }] of wanted) {
      const { data } = await new Client(server.url).ok('GET', `/v1/products/${id}/stock`);
      const { on_hand, reserved } = data as StockAnswer;
      if (on_hand !== counted - issued || reserved !== open) {
        left.push(`product ${id}: ${on_hand} on hand, ${reserved} reserved; right are ${counted - issued} and ${open}`);
      }
      if (issued + open > counted)
        left.push(`product ${id} is oversold: ${issued} issued, ${open} open, of ${counted}`);
    }
    if (left.length === 0) break;
    await sleep(1_000);
  }
  report.settledSeconds = Math.round((Date.now() - since) / 1_000);
  report.problems.push(...left);
  await check('in the end');
  await server.stop();
  return report;
}
