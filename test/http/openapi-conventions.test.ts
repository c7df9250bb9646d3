/** What every route must carry, so that generators of clients and people can use the document. CONTRIBUTING.md lists it. */
import t from 'tap';
import { isProblemCode, statusOf } from '../../src/http/problem-codes.js';
import { type Json, type OpenApi, operationsOf, resolved, schemasOf } from '../support/api-document.js';
import { runningApp } from '../support/running-app.js';

let document: OpenApi;

t.before(async () => {
  const { http } = await runningApp(t, { projectors: false });
  document = (await http.ok('GET', '/openapi.json')).body as OpenApi;
});

t.test('every operation has a name of its own: a verb and a noun', async (t) => {
  const names = operationsOf(document).map(([route, { operationId = '' }]) => {
    t.match(operationId, /^[a-z]+(?:[A-Z][a-z]*)+$/, `${route} has an operationId such as placeOrder`);
    return operationId;
  });
  t.same(names.length, new Set(names).size, 'no two operations share a name');
});

t.test('every operation has a summary, a description and a tag that is described', async (t) => {
  const tags = document.tags.map(({ name }) => name);
  for (const [route, { summary, description, tags: own = [] }] of operationsOf(document)) {
    t.match(summary, /^[A-Z]/, `${route} has a summary`);
    t.match(description, /\w/, `${route} has a description`);
    t.ok(
      own.length === 1 && tags.includes(own[0] ?? ''),
      `${route} has one tag, and src/http/openapi/tags.ts describes it`,
    );
  }
  const first = operationsOf(document).map(([, { tags: own = [] }]) => tags.indexOf(own[0] ?? ''));
  t.same(
    first,
    first.toSorted((a, b) => a - b),
    'operations stand in the order of their tags: business first',
  );
});

t.test('every JSON body and every resource in it has a name', async (t) => {
  for (const [route, { requestBody, responses }] of operationsOf(document)) {
    const contents = [
      requestBody?.content ?? {},
      ...Object.values(responses).map(
        (one) => (resolved(document, one)['content'] as Record<string, Json> | undefined) ?? {},
      ),
    ];
    for (const content of contents) {
      const schema = content['application/json']?.['schema'] as Json | undefined;
      if (schema && route !== 'get /openapi.json')
        t.ok('$ref' in schema, `${route}: give its schema a name with .meta({ id: 'Thing' })`);
    }
  }
  const { schemas = {} } = document.components;
  for (const [name, { properties = {} }] of Object.entries(schemas)) {
    if (!/(?:Answer|List)$/.test(name)) continue;
    const data = (properties as Record<string, Json>)['data'];
    t.ok(
      data && ('$ref' in data || '$ref' in ((data['items'] ?? {}) as Json)),
      `${name}: give what stands in data a name with .meta({ id: 'Thing' })`,
    );
  }
});

t.test('every integer has a format and bounds, and every time is a date-time without a pattern', async (t) => {
  const schemas = schemasOf(document);
  let integers = 0;
  let times = 0;
  for (const [path, schema] of schemas) {
    const types = [schema['type']].flat();
    if (types.includes('integer')) {
      integers++;
      const { format, minimum, maximum } = schema as { format?: string; minimum?: number; maximum?: number };
      t.ok(format === 'int32' || format === 'int64', `${path} has a format`);
      t.type(minimum, 'number', `${path} has a minimum`);
      t.type(maximum, 'number', `${path} has a maximum`);
      t.ok(format === 'int64' || (maximum ?? Infinity) < 2 ** 31, `${path} fits into its format`);
    }
    if (types.includes('number')) t.equal(schema['format'], 'double', `${path} has a format`);
    if (schema['format'] === 'date-time') {
      times++;
      t.notOk('pattern' in schema, `${path} has no pattern`);
    }
    if (/\/\w+_at$/.test(path)) t.ok(schema['format'] === 'date-time' || '$ref' in schema, `${path} is a date-time`);
  }
  t.ok(integers > 20 && times > 5, 'schemas are found');
});

t.test('an integer in a query is an integer, with its default', async (t) => {
  for (const [route, { parameters = [] }] of operationsOf(document)) {
    const limit = parameters.find(({ name }) => name === 'limit');
    const wanted = { type: 'integer', format: 'int32', minimum: 1, maximum: 100, default: 20 };
    if (limit) t.same(limit['schema'], wanted, route);
    for (const { name, schema } of parameters as readonly { name?: string; schema?: Json }[]) {
      const isNumber =
        name !== undefined && /^(?:limit|depth|root|cat_id|product_id|.*_below|.*_min|.*_max)$/.test(name);
      if (isNumber) t.equal(schema?.['type'], 'integer', `${route}: ${name}`);
    }
  }
});

t.test('every status of a problem lists its codes, and each code has that status', async (t) => {
  for (const [route, { responses }] of operationsOf(document)) {
    for (const [status, response] of Object.entries(responses)) {
      const { content = {} } = resolved(document, response) as { content?: Record<string, Json> };
      const problem = content['application/problem+json']?.['schema'] as Json | undefined;
      if (!problem) {
        t.ok(Number(status) < 400 || 'application/json' in content, `${route} ${status} is described`);
        continue;
      }
      const codes = codesOf(document, problem);
      t.ok(codes.length > 0, `${route} ${status} lists codes`);
      for (const code of codes)
        t.ok(
          isProblemCode(code) && [statusOf(code, 'command'), statusOf(code, 'query')].includes(Number(status)),
          `${route} ${status} ${code}`,
        );
    }
  }
});

function codesOf(api: Json, schema: Json): readonly string[] {
  const { allOf = [], properties = {} } = resolved(api, schema) as {
    allOf?: Json[];
    properties?: Record<string, Json>;
  };
  const { enum: own = [] } = (properties['code'] ?? {}) as { enum?: readonly string[] };
  const below = allOf.filter((one) => !('$ref' in one)).flatMap((one) => codesOf(api, one));
  return [...own, ...below];
}
