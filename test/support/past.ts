/** A shop with a history, and what it answered at each moment of it. */
import type { Test } from 'tap';
import type { Answer } from './http-client.js';
import { until } from './orderlog.js';
import { type RunningApp, runningApp, type RunningOptions } from './running-app.js';

export const PATIENT = { prefer: 'wait=30' };

interface Moment {
  readonly token: string;
  /** After all that was done up to then, before all that came later. */
  readonly time: string;
  /** What each path answered then. */
  readonly answers: ReadonlyMap<string, Answer>;
}

export interface Past {
  readonly app: RunningApp;
  readonly paths: readonly string[];
  readonly moments: readonly Moment[];
  readonly userId: string;
  readonly orderId: string;
}

export async function shopWithAPast(t: Test, options: RunningOptions = {}): Promise<Past> {
  const app = await runningApp(t, options);
  const { http } = app;
  const [top, below] = [1_001, 1_002];
  await app.addCategory({ cat_id: top });
  const { user_id } = await app.registerUser();
  const orderId = { current: '00000000-0000-7000-8000-000000000000' };
  const paths = (): string[] => [
    '/v1/categories',
    `/v1/categories?root=${top}&depth=1`,
    ...[top, below].flatMap((id) => [`/v1/categories/${id}`, `/v1/categories/${id}/order-counts`]),
    '/v1/orders',
    '/v1/orders?status=paid',
    `/v1/orders/${orderId.current}`,
    `/v1/users/${user_id}/orders`,
    `/v1/users/${user_id}/orders?status=placed`,
  ];
  const moments: Moment[] = [];
  const steps: (() => Promise<unknown>)[] = [
    () => app.addCategory({ cat_id: below, parent_cat_id: top }),
    () => app.addProduct([below], { product_id: 5 }),
    async () => (orderId.current = (await app.placeOrder(user_id, [5])).order_id),
    () => http.ok('POST', `/v1/orders/${orderId.current}/mark-paid`, { json: { reference: 'INV-1' } }),
    () => http.ok('PATCH', `/v1/categories/${below}`, { json: { name: 'Renamed', parent_cat_id: null } }),
    () => app.placeOrder(user_id, [5, 5]),
    () => http.ok('POST', '/v1/products/5/retire'),
  ];
  for (const step of steps) {
    await step();
    const token = http.position ?? '';
    let time = '';
    for await (const { recordedAt } of app.runtime.store.readAll()) time = recordedAt;
    const answers = new Map<string, Answer>();
    for (const path of paths()) answers.set(path, await http.get(path));
    moments.push({ token, time, answers });
    // The next event is of a later millisecond.
    await until(() => Date.now() > Date.parse(time));
  }
  http.position = null;
  return { app, paths: paths(), moments, userId: user_id, orderId: orderId.current };
}

export const asOf = (path: string, point: string): string =>
  `${path}${path.includes('?') ? '&' : '?'}as_of=${encodeURIComponent(point)}`;

/** Asks for each moment again, in another order, by its place and by its time. */
export async function answersAsThen(t: Test, { app, moments }: Past): Promise<void> {
  for (const { token, time, answers } of [...moments].reverse()) {
    for (const [path, then] of answers) {
      const answer = await app.http.get(asOf(path, token), PATIENT);
      t.same([answer.status, answer.data], [then.status, then.data], asOf(path, token));
      t.equal(answer.headers.get('etag'), then.headers.get('etag'), path);
      if (answer.status === 200) t.equal(answer.headers.get('log-position'), token, path);
      const offset = `${new Date(Date.parse(time) + 3_600_000).toISOString().slice(0, -1)}+01:00`;
      for (const point of [time, offset]) {
        const byTime = await app.http.get(asOf(path, point), PATIENT);
        t.same(byTime.bytes.length, answer.bytes.length, asOf(path, point));
        t.equal(byTime.headers.get('log-position'), answer.headers.get('log-position'), path);
      }
    }
  }
}
