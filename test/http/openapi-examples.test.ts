/** Each example of the OpenAPI document is as its schema says, and is answered as it says. */
import { once } from 'node:events';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { SAMPLE } from '../../src/http/openapi/example.js';
import type { RunCommand } from '../../src/ops/jobs/command-runner.js';
import { type Json, type OpenApi, type Operation, operationsOf, resolved, schemasOf } from '../support/api-document.js';
import { Ids } from '../support/examples.js';
import type { Answer, Sent } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { demo, proofForm, runningApp, type RunningApp, userForm } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

/** The operations in an order in which each can be answered as its example says. */
const STORY = `
  getLiveness getReadiness getMetrics getOpenApiDocument getDocumentationPage explainProblem
  getCategoryTree getCategory listProducts getProduct
  listCategoryEvents addCategory changeCategory removeCategory
  addProduct listProductEvents changeProduct retireProduct reinstateProduct
  countStock receiveStock adjustStock getProductStock listStock listStockEvents endStockTracking
  getStatus listReadModels listLogEvents
  startJob getJob listJobs cancelJob getQuarantine retryQuarantined
  registerUser getUser listUsers listUserEvents changeUserDetails replaceIdProof downloadIdProof
  placeOrder getOrder listOrders listUserOrders listOrderEvents getCategoryOrderCounts
  getOrderCounts listOrderCountsByHour cancelOrder markOrderPaid
  eraseUser
`;

/** Needs a key in quarantine: test/ops/quarantine.test.ts. */
const UNPLAYED = ['skipQuarantined'];

/** A job that is on its way until somebody cancels it. */
const runCommand: RunCommand = async (_args, { signal, tell }) => {
  tell?.({ what: 'events', done: 250, total: 1_000, seconds: 2 });
  await once(signal, 'abort');
  return { document: null, exitCode: null, remark: '' };
};

let shop: RunningApp;
let document: OpenApi;

t.before(async () => {
  shop = await runningApp(t, { seed: demo, runCommand });
  shop.http.patience = 30;
  shop.http.position = shop.runtime.tokens.encode(await shop.runtime.store.head());
  document = (await shop.http.ok('GET', '/openapi.json')).body as OpenApi;
});

t.test('every request, every answer of success and every code has an example', async (t) => {
  const codes = document.components['examples'] ?? {};
  for (const [route, { requestBody, responses }] of operationsOf(document)) {
    for (const content of Object.values(requestBody?.content ?? {})) t.ok('example' in content, `the body of ${route}`);
    for (const [status, response] of Object.entries(responses)) {
      const { content = {} } = resolved(document, response) as { content?: Record<string, Json> };
      const [first] = Object.values(content);
      if (first && status.startsWith('2')) t.ok('example' in first, `${status} of ${route}`);
      for (const code of Object.keys(content['application/problem+json']?.['examples'] ?? {})) t.ok(codes[code], code);
    }
  }
});

t.test('every example is as its schema says', async (t) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'api');
  let checked = 0;
  for (const [path, holder] of holdersOf(document)) {
    const valid = ajv.compile(rebased(holder['schema']));
    const examples = Object.values((holder['examples'] ?? {}) as Record<string, Json>).map(
      (one) => resolved(document, one)['value'],
    );
    for (const example of [...examples, ...('example' in holder ? [holder['example']] : [])]) {
      t.ok(valid(example), `${path}: ${ajv.errorsText(valid.errors)}`);
      checked++;
    }
  }
  t.ok(checked > 100, `${checked} examples are found`);
  t.ok(schemasOf(document).length > checked);
});

t.test('every example is answered as it says', async (t) => {
  const ids = new Ids();
  const operations = new Map(
    operationsOf(document).map(([route, one]) => [one.operationId ?? '', [route, one] as const]),
  );
  const story = STORY.trim().split(/\s+/);
  t.same(
    [...operations.keys()].filter((one) => !story.includes(one) && !UNPLAYED.includes(one)),
    [],
    'put the operation into the story',
  );
  for (const name of story) {
    const [route = '', operation] = operations.get(name) ?? [];
    if (!operation) continue;
    if (name === 'markOrderPaid') await placeAnother(ids);
    if (name === 'getJob') await until(async () => (await jobs())[0]?.progress?.done === 250);
    const [method = '', path = ''] = route.split(' ');
    const answer = await shop.http.send(method.toUpperCase(), fill(path, operation, ids), sentOf(operation, ids));
    const [status = '', wanted] = Object.entries(operation.responses).find(([one]) => one.startsWith('2')) ?? [];
    const [type = null, media] = Object.entries((wanted?.['content'] ?? {}) as Record<string, Json>)[0] ?? [];
    t.equal(String(answer.status), status, `${name}: ${answer.bytes.toString().slice(0, 300)}`);
    if (media) t.match(answer.headers.get('content-type'), type, name);
    if (media) t.same(ids.differences(media['example'], bodyOf(name, answer)), [], name);
  }
});

function bodyOf(name: string, answer: Answer): unknown {
  if (answer.body === undefined) return answer.bytes.toString('latin1').trimStart();
  if (name === 'getOpenApiDocument')
    return { openapi: document['openapi'], info: { title: (document['info'] as Json)['title'] } };
  // Of the read models, the example shows the first.
  return name === 'listReadModels' ? { data: (answer.data as unknown[]).slice(0, 1) } : answer.body;
}

async function jobs(): Promise<{ progress: { done: number } | null }[]> {
  return (await shop.http.get('/v1/ops/jobs')).data as { progress: { done: number } | null }[];
}

/** The order that is paid is another one than the one that was cancelled. */
async function placeAnother(ids: Ids): Promise<void> {
  const { user_id, paid_order_id } = SAMPLE;
  const items = [
    { product_id: 1, quantity: 2 },
    { product_id: 4, quantity: 1 },
  ];
  const { data } = await shop.http.ok('POST', '/v1/orders', { json: ids.sent({ user_id, items }) });
  ids.differences(paid_order_id, (data as Json)['order_id']);
}

function fill(path: string, { parameters = [] }: Operation, ids: Ids): string {
  const given = parameters.filter((one) => 'example' in one).map((one) => ids.sent(one)) as {
    name: string;
    in: string;
    example: string | number;
  }[];
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    String(given.find((one) => one.name === name)?.example),
  );
  const query = new URLSearchParams(
    given.filter((one) => one.in === 'query').map(({ name, example }) => [name, String(example)] as [string, string]),
  );
  return query.size > 0 ? `${filled}?${query.toString()}` : filled;
}

function sentOf({ requestBody }: Operation, ids: Ids): Sent {
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  if (!media) return {};
  const example = ids.sent(media['example']) as { name?: string; email?: string };
  if (type !== 'multipart/form-data') return { json: example };
  const { name, email } = example;
  return { form: name !== undefined && email !== undefined ? userForm(name, email) : proofForm(tinyPdf(10)) };
}

/** Media types and parameters: what has a schema and examples of it. */
function holdersOf(value: unknown, path = ''): (readonly [path: string, holder: Json])[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Json;
  const isHolder = typeof holder['schema'] === 'object' && ('example' in holder || 'examples' in holder);
  const below = Object.entries(holder).filter(([key]) => !['schema', 'example', 'examples', 'schemas'].includes(key));
  return [
    ...(isHolder ? [[path, holder] as const] : []),
    ...below.flatMap(([key, one]) => holdersOf(one, `${path}/${key}`)),
  ];
}

function rebased(schema: unknown): object {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$ref' ? `api${value as string}` : value,
  ) as object;
}
