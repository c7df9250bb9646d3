/** A command of each route, each as a request that can be sent under an idempotency key. */
import type { Answer, Sent } from './http-client.js';
import { proofForm, type RunningApp, userForm } from './running-app.js';
import { tinyPdf } from './tiny-pdf.js';

export interface Command {
  /** As in the OpenAPI document. */
  readonly route: string;
  readonly path: string;
  readonly sent: () => Sent;
  /** Another request of the same method and path. */
  readonly other: () => Sent;
}

const ON_ANY_REVISION: Sent = { headers: { 'if-match': '*' } };

/** One of each route, in an order in which all take effect. */
export async function everyCommand(shop: RunningApp): Promise<readonly Command[]> {
  const { user_id } = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const spare = (await shop.addCategory()).cat_id;
  const { product_id } = await shop.addProduct([cat_id]);
  const [first, second] = [await shop.placeOrder(user_id, [product_id]), await shop.placeOrder(user_id, [product_id])];
  const product = { sku: 'KEYED', name: 'Keyed', price: 5, currency: 'EUR', cat_ids: [cat_id] };
  const items = [{ product_id, quantity: 2 }];
  const json = (one: object, other: object): Pick<Command, 'sent' | 'other'> => ({
    sent: () => ({ json: one }),
    other: () => ({ json: other }),
  });
  const bare = { sent: () => ({}), other: () => ON_ANY_REVISION };
  const [user, category] = [`/v1/users/${user_id}`, `/v1/categories/${cat_id}`];
  const stock = `/v1/products/${product_id}/stock`;
  const order = ({ order_id }: { readonly order_id: string }): string => `/v1/orders/${order_id}`;
  return [
    {
      ...{ route: 'post /v1/users', path: '/v1/users' },
      sent: () => ({ form: userForm('A', 'a@shop.test') }),
      other: () => ({ form: userForm('B', 'a@shop.test') }),
    },
    {
      ...{ route: 'put /v1/users/{user_id}/id-proof', path: `${user}/id-proof` },
      sent: () => ({ form: proofForm(tinyPdf(10)) }),
      other: () => ({ form: proofForm(tinyPdf(11)) }),
    },
    { route: 'patch /v1/users/{user_id}', path: user, ...json({ name: 'C' }, { name: 'D' }) },
    { route: 'post /v1/categories', path: '/v1/categories', ...json({ name: 'Keyed' }, { name: 'Other' }) },
    { route: 'patch /v1/categories/{cat_id}', path: category, ...json({ name: 'C' }, { name: 'D' }) },
    { route: 'delete /v1/categories/{cat_id}', path: `/v1/categories/${spare}`, ...bare },
    { route: 'post /v1/products', path: '/v1/products', ...json(product, { ...product, price: 6 }) },
    {
      ...{ route: 'patch /v1/products/{product_id}', path: `/v1/products/${product_id}` },
      ...json({ price: 7 }, { price: 8 }),
    },
    {
      ...{ route: 'post /v1/orders', path: '/v1/orders' },
      ...json({ user_id, items }, { user_id, items: [...items, ...items] }),
    },
    {
      ...{ route: 'post /v1/orders/{order_id}/mark-paid', path: `${order(first)}/mark-paid` },
      ...json({ reference: 'x' }, { reference: 'y' }),
    },
    {
      ...{ route: 'post /v1/orders/{order_id}/cancel', path: `${order(second)}/cancel` },
      ...json({ reason: 'x' }, {}),
    },
    {
      ...{ route: 'post /v1/products/{product_id}/retire', path: `/v1/products/${product_id}/retire` },
      ...bare,
    },
    {
      ...{ route: 'post /v1/products/{product_id}/reinstate', path: `/v1/products/${product_id}/reinstate` },
      ...bare,
    },
    {
      ...{ route: 'post /v1/products/{product_id}/stock/count', path: `${stock}/count` },
      ...json({ on_hand: 7 }, { on_hand: 8 }),
    },
    {
      ...{ route: 'post /v1/products/{product_id}/stock/receive', path: `${stock}/receive` },
      ...json({ quantity: 7 }, { quantity: 8 }),
    },
    {
      ...{ route: 'post /v1/products/{product_id}/stock/adjust', path: `${stock}/adjust` },
      ...json({ quantity: -1, reason: 'broken' }, { quantity: 1, reason: 'found' }),
    },
    { route: 'delete /v1/products/{product_id}/stock', path: stock, ...bare },
    { route: 'post /v1/users/{user_id}/erase', path: `${user}/erase`, ...bare },
  ];
}

export function sendKeyed(shop: RunningApp, key: string, { route, path }: Command, sent: Sent): Promise<Answer> {
  const method = (route.split(' ')[0] as string).toUpperCase();
  return shop.http.send(method, path, { ...sent, headers: { ...sent.headers, 'idempotency-key': key } });
}

/** What a replay must say as the first response said it. */
export function told({ status, bytes, headers }: Answer): object {
  const own = ['date', 'x-request-id', 'idempotency-replayed', 'connection', 'keep-alive'];
  return {
    status,
    body: bytes.toString('utf8'),
    headers: [...headers].filter(([name]) => !own.includes(name)),
  };
}
