/** Every route × role × owner, from the table of access; and the table against the design, written down here once more. */
import t, { type Test } from 'tap';
import { accessTable, type RouteAccess } from '../../src/access/access-table.js';
import { type Answer, Client, outcome, type Sent } from '../support/http-client.js';
import { proofForm, runningApp, type RunningApp } from '../support/running-app.js';
import { required } from './guarded.js';

/** What each role may call. `own`: for what is its own. All else is refused. */
const MAY = `
  POST   /v1/users                              clerk admin
  GET    /v1/users                              clerk admin
  GET    /v1/users/:user_id                     own clerk admin
  PATCH  /v1/users/:user_id                     own clerk admin
  PUT    /v1/users/:user_id/id-proof            own clerk admin
  GET    /v1/users/:user_id/id-proof            own clerk admin
  GET    /v1/users/:user_id/orders              own clerk admin
  POST   /v1/users/:user_id/erase               admin
  GET    /v1/users/:user_id/events              admin
  POST   /v1/orders                             own clerk admin
  GET    /v1/orders                             clerk admin
  GET    /v1/orders/:order_id                   own clerk admin
  POST   /v1/orders/:order_id/cancel            own clerk admin
  POST   /v1/orders/:order_id/mark-paid         clerk admin
  GET    /v1/orders/:order_id/events            admin
  GET    /v1/order-counts                       clerk admin
  GET    /v1/order-counts/hours                 clerk admin
  GET    /v1/categories                         customer clerk admin
  GET    /v1/categories/:cat_id                 customer clerk admin
  GET    /v1/categories/:cat_id/order-counts    customer clerk admin
  GET    /v1/categories/events                  admin
  POST   /v1/categories                         admin
  PATCH  /v1/categories/:cat_id                 admin
  DELETE /v1/categories/:cat_id                 admin
  GET    /v1/products                           customer clerk admin
  GET    /v1/products/:product_id               customer clerk admin
  GET    /v1/products/:product_id/events        admin
  POST   /v1/products                           admin
  PATCH  /v1/products/:product_id               admin
  POST   /v1/products/:product_id/retire        admin
  POST   /v1/products/:product_id/reinstate     admin
  GET    /v1/products/:product_id/stock         clerk admin
  GET    /v1/stock                              clerk admin
  GET    /v1/log                                admin
  GET    /v1/ops/status                         admin
  GET    /v1/ops/read-models                    admin
  POST   /v1/products/:product_id/stock/count    clerk admin
  POST   /v1/products/:product_id/stock/receive  clerk admin
  POST   /v1/products/:product_id/stock/adjust   clerk admin
  DELETE /v1/products/:product_id/stock          admin
  GET    /v1/products/:product_id/stock/events   clerk admin
  GET    /v1/ops/jobs                           admin
  POST   /v1/ops/jobs                           admin
  GET    /v1/ops/jobs/:job_id                   admin
  DELETE /v1/ops/jobs/:job_id                   admin
  GET    /v1/ops/quarantine                     admin
  POST   /v1/ops/quarantine/retry               admin
  POST   /v1/ops/quarantine/skip                admin
  GET    /metrics                               admin
  GET    /health/live                           -
  GET    /health/ready                          -
  GET    /openapi.json                          -
  GET    /docs/*                                -
  GET    /problems/:code                        -
  GET    /                                      -
  GET    /console/*                             -
`;

/** Seconds that a read waits on a busy machine. */
const PATIENCE = 30;

const entries = Object.entries(accessTable);

t.test('the table says what the design says', async (t) => {
  const told = entries.map(([route, { roles, own }]) => {
    const who = roles?.map((role) => (role === 'customer' && own ? 'own' : role)) ?? ['-'];
    return `${route} ${who.join(' ')}`;
  });
  const wanted = MAY.trim()
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '));
  t.same(told.toSorted(), wanted.toSorted());
});

t.test('each route of the document is in the table, says its roles, and none is in the table alone', async (t) => {
  const { http } = await runningApp(t, { projectors: false, access: required });
  const { paths, components } = (await http.ok('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, Operation>>;
    components: { securitySchemes: object };
  };
  t.match(components.securitySchemes, { bearer: { type: 'http', scheme: 'bearer' } });
  const shown = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const { roles } = accessTable[tableName(method, path)] as RouteAccess;
      const name = `${method} ${path}`;
      t.same(operation.security, roles ? [{ bearer: [] }] : [], name);
      t.same(operation['x-roles'], roles ?? undefined, name);
      const codes = ['401', '403', '429'].filter((status) => operation.responses[status]);
      t.same(codes, roles ? ['401', '403', '429'] : ['403'], name);
      return tableName(method, path);
    }),
  );
  // Pages of the console are no part of the API: they are in the table alone, and open to anybody.
  const pages = ['GET /', 'GET /console/*'];
  for (const page of pages) t.equal(accessTable[page]?.roles, null, page);
  t.same([...new Set(shown), ...pages].toSorted(), Object.keys(accessTable).toSorted());
});

interface Operation {
  readonly security?: readonly object[];
  readonly 'x-roles'?: readonly string[];
  readonly responses: Readonly<Record<string, object>>;
}

function tableName(method: string, path: string): string {
  const name = `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`;
  return name === 'GET /docs' ? 'GET /docs/*' : name;
}

t.test('every route answers every caller as the table says', async (t) => {
  const shop = await runningApp(t, { access: required });
  shop.http.patience = PATIENCE;
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const ada = await shop.registerUser();
  const bob = await shop.registerUser();
  const order = await shop.placeOrder(ada.user_id, [product_id]);
  const position = shop.http.position;
  const key = async (role: 'customer' | 'clerk' | 'admin', userId: string | null = null): Promise<Client> => {
    const client = new Client(shop.http.url, (await shop.runtime.apiKeys.create(role, userId)).key);
    client.position = position;
    client.patience = PATIENCE;
    return client;
  };
  const callers = [
    { name: 'nobody', client: new Client(shop.http.url), role: null, owns: false },
    { name: 'the owner', client: await key('customer', ada.user_id), role: 'customer', owns: true },
    { name: 'another customer', client: await key('customer', bob.user_id), role: 'customer', owns: false },
    { name: 'a clerk', client: await key('clerk'), role: 'clerk', owns: true },
    { name: 'an admin', client: await key('admin'), role: 'admin', owns: true },
  ] as const;
  const ids = {
    user_id: ada.user_id,
    order_id: order.order_id,
    cat_id,
    product_id,
    job_id: order.order_id,
    code: 'forbidden',
  };
  const items = [{ product_id, quantity: 1 }];
  let asked = 0;
  // Last, for the owner's key ends with the owner.
  const isErasure = ([route]: readonly [string, RouteAccess]): boolean => route.endsWith('/erase');
  for (const [route, access] of [...entries.filter((one) => !isErasure(one)), ...entries.filter(isErasure)]) {
    const [method = '', pattern = ''] = route.split(' ');
    const path = pattern
      .replace('/*', '/')
      .replace(/:(\w+)/g, (_, name: string) => String(ids[name as keyof typeof ids]));
    const json = route === 'POST /v1/orders' ? { user_id: ada.user_id, items } : {};
    const sent = (): Sent => (FORMS.includes(route) ? { form: proofForm() } : { json });
    for (const { name, client, role, owns } of callers) {
      const answer = await client.send(method, path, method === 'GET' ? {} : sent());
      judge(t, `${name}: ${method} ${path}`, answer, access, role, owns);
      asked += 1;
    }
  }
  t.equal(asked, entries.length * callers.length);
});

/** Routes that read a form. */
const FORMS = ['POST /v1/users', 'PUT /v1/users/:user_id/id-proof'];
const NOT_THERE = ['404 user-not-found', '404 order-not-found', '422 unknown-user'];

function judge(
  t: Test,
  what: string,
  answer: Answer,
  { roles, own }: RouteAccess,
  role: 'customer' | 'clerk' | 'admin' | null,
  owns: boolean,
): void {
  const got = outcome(answer);
  if (roles && role === null) t.equal(got, '401 unauthenticated', what);
  else if (roles && role !== null && !roles.includes(role)) t.equal(got, '403 forbidden', what);
  else if (own && !owns && role === 'customer') t.ok(NOT_THERE.includes(got), `${what}: ${got}`);
  // Whatever else the route answers, a busy machine's 503 included: it was reached.
  else t.notOk([401, 403, 500].includes(answer.status) || NOT_THERE.includes(got), `${what}: ${got}`);
}

t.test('a thing of somebody else is answered as a thing that does not exist, to the letter', async (t) => {
  const shop = await runningApp(t, { access: required });
  shop.http.patience = PATIENCE;
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const ada = await shop.registerUser();
  const bob = await shop.registerUser();
  const order = await shop.placeOrder(ada.user_id, [product_id]);
  const client = await customer(shop, bob.user_id);
  const NONE = '018f0000-0000-7000-8000-000000000009';
  const items = [{ product_id, quantity: 1 }];
  const pairs: readonly (readonly [
    method: string,
    path: (id: string) => string,
    id: string,
    json?: (id: string) => object,
  ])[] = [
    ['GET', (id) => `/v1/users/${id}`, ada.user_id],
    ['PATCH', (id) => `/v1/users/${id}`, ada.user_id, () => ({ name: 'Eve' })],
    ['GET', (id) => `/v1/users/${id}/orders`, ada.user_id],
    ['GET', (id) => `/v1/users/${id}/id-proof`, ada.user_id],
    ['GET', (id) => `/v1/orders/${id}`, order.order_id],
    ['POST', (id) => `/v1/orders/${id}/cancel`, order.order_id, () => ({})],
    ['POST', () => '/v1/orders', ada.user_id, (user_id) => ({ user_id, items })],
  ];
  for (const [method, path, id, json] of pairs) {
    const [foreign, missing] = await Promise.all(
      [id, NONE].map(async (one) => client.send(method, path(one), json ? { json: json(one) } : {})),
    );
    const shown = (answer: Answer | undefined): object => {
      const { request_id: _, ...body } = (answer?.body ?? {}) as Record<string, unknown>;
      const {
        date: _date,
        'x-request-id': _id,
        ratelimit: _left,
        ...headers
      } = Object.fromEntries(answer?.headers ?? []);
      return { status: answer?.status, body, headers: { ...headers, 'content-length': '' } };
    };
    t.same(shown(foreign), shown(missing), `${method} ${path(':id')}`);
    t.ok(NOT_THERE.includes(outcome(foreign as Answer)), outcome(foreign as Answer));
  }
  t.match(
    (await shop.http.ok('GET', `/v1/orders/${order.order_id}`)).data,
    { status: 'placed' },
    'and nothing was done',
  );
  t.match((await shop.http.ok('GET', `/v1/users/${ada.user_id}`)).data, { name: ada.name });
});

t.test('a malformed id is 400 for a customer too', async (t) => {
  const shop = await runningApp(t, { access: required, projectors: false });
  const client = await customer(shop, (await shop.registerUser()).user_id);
  t.equal(outcome(await client.get('/v1/orders/none')), '400 invalid-request');
  t.equal(outcome(await client.get('/v1/users/none')), '400 invalid-request');
  const wrong = { user_id: 'none', items: [] };
  t.equal(outcome(await client.send('POST', '/v1/orders', { json: wrong })), '400 invalid-request');
});

t.test('an order names who placed, paid and cancelled it, and so do its events', async (t) => {
  const shop = await runningApp(t, { access: required });
  shop.http.patience = PATIENCE;
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const ada = await shop.registerUser();
  const client = await customer(shop, ada.user_id);
  client.position = shop.http.position;
  const items = [{ product_id, quantity: 1 }];
  const placed = await client.ok('POST', '/v1/orders', { json: { user_id: ada.user_id.toUpperCase(), items } });
  const { order_id } = placed.data as { order_id: string };
  const clerk = await shop.runtime.apiKeys.create('clerk', null);
  const paying = new Client(shop.http.url, clerk.key);
  paying.patience = PATIENCE;
  await paying.ok('POST', `/v1/orders/${order_id}/mark-paid`);
  const by = [
    { status: 'placed', by: { kind: 'customer', id: ada.user_id } },
    { status: 'paid', by: { kind: 'clerk', id: clerk.key_id } },
  ];
  t.match((await paying.ok('GET', `/v1/orders/${order_id}`)).data, { history: by });
  const events = (await shop.http.ok('GET', `/v1/orders/${order_id}/events`)).data;
  t.match(
    events,
    by.map((one) => ({ metadata: { actor: one.by } })),
  );
});

async function customer({ runtime, http }: RunningApp, userId: string): Promise<Client> {
  return new Client(http.url, (await runtime.apiKeys.create('customer', userId)).key);
}
