import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { testDatabase } from '../support/database.js';
import { greeted, orderlog, settingsFor, startUnder, temporaryFolder } from '../support/orderlog.js';
import { demo as catalog } from '../support/running-app.js';

const ORDERS = 600;
/** Half of the orders are paid, the others are canceled. What is made for each of either is made this often. */
const OFTEN = ORDERS / 4;
const AT_ONCE = 16;

void t.test('an order makes no hidden classes: its objects have those of the orders before', async (t) => {
  const folder = temporaryFolder(t);
  const settings = { ...settingsFor(await testDatabase(t), folder), SEED: catalog };
  const log = join(folder, 'v8.log');
  const flags = ['--log-maps', '--no-log-maps-details', `--logfile=${log}`, '--no-logfile-per-isolate'];
  const server = await greeted(t, startUnder(flags, settings, 'serve'));
  t.match(await orderlog(settings, 'demo', '--users', '2', '--orders', '1', '--seed', '7'), { code: 0 });
  const listed = async <T>(path: string): Promise<T[]> =>
    ((await (await fetch(server.url + path)).json()) as { data: T[] }).data;
  const [user] = await listed<{ user_id: string }>('/v1/users');
  const items = (await listed<{ product_id: number; available: number | null }>('/v1/products?limit=100'))
    .filter(({ available }) => available === null)
    .slice(0, 3)
    .map(({ product_id }) => ({ product_id, quantity: 1 }));
  t.equal(items.length, 3, 'three products');

  const post = async (path: string, body: object): Promise<{ order_id: string }> => {
    const answer = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return ((await answer.json()) as { data: { order_id: string } }).data;
  };
  const order = async (nth: number): Promise<void> => {
    const { order_id } = await post('/v1/orders', { user_id: user?.user_id, items });
    await post(`/v1/orders/${order_id}/${nth % 2 === 0 ? 'mark-paid' : 'cancel'}`, {});
  };
  await order(0);
  // What the modules made while they were loaded comes before this.
  const { size } = statSync(log);
  let left = ORDERS;
  const client = async (): Promise<void> => {
    while (left > 0) await order(left--);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  await server.stop();

  const told = readFileSync(log).subarray(size).toString();
  t.match(told, /^code-creation,/m, 'V8 has told what it did meanwhile');
  const made = new Map<string, number>();
  for (const [, place = ''] of told.matchAll(/^map,Transition,\d+,\w+,\w+,\w+,(\d+,\d+,.*)$/gm)) {
    made.set(place, (made.get(place) ?? 0) + 1);
  }
  t.same(
    [...made].filter(([, times]) => times > OFTEN),
    [],
    'no line and column makes one for each order',
  );
});
