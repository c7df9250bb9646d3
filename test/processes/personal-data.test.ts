import type pg from 'pg';
import t, { type Test } from 'tap';
import type { OrderAnswer } from '../../src/order/answer.js';
import type { UserAnswer } from '../../src/user/answer.js';
import { testDatabase } from '../support/database.js';
import { Client, outcome } from '../support/http-client.js';
import { filesWithMarker, holdsMarker, MARKER, tablesWithMarker } from '../support/markers.js';
import { orderlog, serving, type Settings, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { proofForm, Shop, userForm } from '../support/running-app.js';
import { standIn, type StandIn } from '../support/stand-in/stand-in.js';
import { tinyPdf } from '../support/tiny-pdf.js';

const markedPdf = Buffer.from(tinyPdf(9).toString('latin1').replace('xxxxxxxxx', MARKER), 'latin1');
const EMAIL = `${MARKER}@shop.test`;

interface Life {
  readonly user_id: string;
  readonly product_id: number;
  readonly orders: readonly string[];
  /** Before the erasure. */
  readonly position: string;
}

/** A user's whole life, in which everything that a person may say holds the marker. */
async function lifeOf(shop: Shop): Promise<Life> {
  const { http } = shop;
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const key = (n: number): Record<string, string> => ({ 'idempotency-key': `${MARKER}-${n}` });
  const form = userForm(`Ada ${MARKER}`, EMAIL, markedPdf);
  const { user_id } = (await http.ok('POST', '/v1/users', { form, headers: key(1) })).data as UserAnswer;
  const user = `/v1/users/${user_id}`;
  await http.ok('PATCH', user, { json: { name: `${MARKER} Bea`, email: `b-${EMAIL}` }, headers: key(2) });
  await http.ok('PUT', `${user}/id-proof`, { form: proofForm(Buffer.concat([markedPdf, Buffer.from('\n')])) });
  const orders: string[] = [];
  for (const [action, json] of [
    ['cancel', { reason: `because ${MARKER}` }],
    ['mark-paid', { reference: `INV ${MARKER}` }],
  ] as const) {
    const order = { user_id, items: [{ product_id, quantity: 1 }], external_reference: `${action} ${MARKER}` };
    const placed = await http.ok('POST', '/v1/orders', { json: order, headers: key(3 + orders.length) });
    const { order_id } = placed.data as OrderAnswer;
    await http.ok('POST', `/v1/orders/${order_id}/${action}`, { json });
    orders.push(order_id);
  }
  await http.ok('GET', `/v1/users?email=${encodeURIComponent(`b-${EMAIL}`)}`);
  return { user_id, product_id, orders, position: http.position ?? '' };
}

/** Requests that are refused, with the marker wherever a value stands. @returns code and body of each */
async function refused({ http }: Shop, { user_id, orders, product_id }: Life): Promise<[string, string][]> {
  const user = `/v1/users/${user_id}`;
  const sent = [
    await http.send('POST', '/v1/users', { form: userForm('New', `b-${EMAIL}`) }),
    await http.send('POST', '/v1/users', { form: userForm(`${MARKER}\n`, MARKER) }),
    await http.send('POST', '/v1/users', { form: userForm('New', `c-${EMAIL}`, Buffer.from(MARKER)) }),
    await http.send('PATCH', user, { json: { name: MARKER.repeat(50) } }),
    await http.send('PATCH', user, { json: { email: `${MARKER} at shop` } }),
    await http.send('PATCH', user, { text: `{"name": "${MARKER}` }),
    await http.send('GET', `/v1/users?email=${MARKER}&limit=${MARKER}`),
    await http.send('GET', `/v1/users?cursor=${MARKER}`),
    await http.send('POST', `/v1/orders/${orders[1]}/mark-paid`, { json: { reference: `other ${MARKER}` } }),
    await http.send('POST', `/v1/orders/${orders[1]}/cancel`, { json: { reason: MARKER.repeat(60) } }),
    await http.send('POST', '/v1/orders', {
      json: { user_id, items: [{ product_id, quantity: 1 }], external_reference: `cancel ${MARKER}` },
    }),
    await http.send('POST', '/v1/orders', { json: { user_id, external_reference: MARKER.repeat(20) } }),
    await http.send('PATCH', user, { json: { name: 'Other' }, headers: { 'idempotency-key': `${MARKER}-2` } }),
    await http.send('PATCH', user, { json: {}, headers: { 'idempotency-key': `${MARKER} é` } }),
    await http.send('GET', user, { headers: { authorization: `Bearer ${MARKER}`, 'min-log-position': MARKER } }),
  ];
  return sent.map((answer) => [outcome(answer), answer.bytes.toString()]);
}

/** Everything that shows something of the user, over HTTP and on the command line. */
async function shown(
  http: Client,
  settings: Settings,
  { user_id, orders, position }: Life,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const paths = [
    ...['', '/events', '/orders', '/id-proof'].map((of) => `/v1/users/${user_id}${of}`),
    ...orders.flatMap((id) => [`/v1/orders/${id}`, `/v1/orders/${id}/events`, `/v1/orders/${id}?as_of=${position}`]),
    ...['/v1/users', '/v1/orders', `/v1/orders?as_of=${position}`, `/v1/users/${user_id}/orders?as_of=${position}`],
  ];
  for (const path of paths) found.set(path, (await http.get(path, { prefer: 'wait=30' })).bytes.toString('latin1'));
  const commands = [['audit', 'user', user_id], ['audit', 'order', orders[0] as string], ['events']];
  for (const command of commands) {
    const { stdout, stderr } = await orderlog(settings, ...command);
    found.set(command.join(' '), stdout + stderr);
  }
  return found;
}

interface Place {
  readonly pool: pg.Pool;
  readonly dataDir: string;
  readonly log: StandIn | null;
}

/** Where the marker can be read at rest. */
async function atRest(t: Test, { pool, dataDir, log }: Place): Promise<string[]> {
  const tables = await tablesWithMarker(pool);
  const files = filesWithMarker(dataDir);
  t.ok(tables.looked > 15 && files.looked > 0, `${tables.looked} tables, ${files.looked} files`);
  const events = (log?.events ?? []).filter(({ data, metadata }) => holdsMarker(data) || holdsMarker(metadata));
  return [...tables.found, ...files.found, ...events.map(({ stream }) => stream)];
}

for (const kind of ['Postgres', 'EventStoreDB'] as const) {
  t.test(`with the log in ${kind}, nothing personal is readable at rest, and after an erasure nowhere`, async (t) => {
    const database = await testDatabase(t);
    const dataDir = temporaryFolder(t);
    const log = kind === 'EventStoreDB' ? await standIn(t) : null;
    const settings = {
      ...settingsFor(database, dataDir),
      ...{ LOG_LEVEL: 'trace', ...(log && { EVENTSTORE_URL: log.url }) },
    };
    const place = { pool: database.pool, dataDir, log };
    const server = await serving(t, settings);
    const http = new Client(server.url);
    const shop = new Shop(http);
    const life = await lifeOf(shop);
    for (const [code, body] of await refused(shop, life)) {
      t.match(code, /^4/);
      t.notOk(holdsMarker(body), `${code} ${body}`);
    }
    const before = await shown(http, settings, life);
    const readable = [...before].filter(([, text]) => holdsMarker(text)).map(([what]) => what);
    t.ok(readable.length > 8, 'before the erasure it is shown');
    t.notOk(readable.includes('events'), 'but not in the log as it is stored');
    t.same(await atRest(t, place), [], 'and at rest it is readable nowhere');

    await http.ok('POST', `/v1/users/${life.user_id}/erase`, { headers: { 'idempotency-key': `${MARKER}-e` } });
    const after = await shown(http, settings, life);
    t.same(
      [...after].filter(([, text]) => holdsMarker(text)),
      [],
    );
    t.same([...after.keys()], [...before.keys()]);
    t.match((await http.get(`/v1/users/${life.user_id}`)).data, { status: 'erased' });
    t.same(await atRest(t, place), []);
    const metrics = await http.get('/metrics');
    t.equal(metrics.status, 200);
    t.notOk(holdsMarker(metrics.bytes), 'metrics');
    await server.stop();
    t.match(server.output(), /"msg"/, 'the log was written');
    t.same(server.output().split('\n').filter(holdsMarker), [], 'and holds nothing personal');
  });
}

t.test('the search finds a marker in whatever form', async (t) => {
  const bytes = (before: string): Buffer => Buffer.from(`${before}${MARKER}!`);
  const forms = ['', 'a', 'ab'].flatMap((before) => [
    bytes(before).toString('base64'),
    bytes(before).toString('hex'),
    bytes(before).toString().toUpperCase(),
  ]);
  for (const form of forms) t.ok(holdsMarker(`x${form}y`), form);
  t.notOk(holdsMarker('what holds none'));
});
