import t from 'tap';
import { z } from 'zod';
import { buildApp } from '../../src/app.js';
import { Drain } from '../../src/http/drain.js';
import { createMetrics } from '../../src/http/metrics.js';
import { openAccess, sampleApp } from './sample-app.js';

const headers = { host: 'localhost' };

interface Operation {
  readonly parameters?: readonly {
    readonly $ref?: string;
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, unknown> };
  readonly responses: Record<
    string,
    { readonly description: string; readonly content?: Record<string, unknown>; readonly headers?: object }
  >;
}

void t.test('the OpenAPI document has every route with its paths, headers and statuses', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const answer = await app.inject({ url: '/openapi.json', headers });
  const document = answer.json<{
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
    components: Record<string, object>;
  }>();
  t.equal(document.openapi, '3.1.0');
  t.same(Object.keys(document.paths).toSorted(), [
    '/docs',
    '/health/live',
    '/health/ready',
    '/metrics',
    '/openapi.json',
    '/problems/{code}',
    '/v1/orders',
    '/v1/orders/{order_id}/cancel',
    '/v1/things',
    '/v1/things/{thing_id}',
    '/v1/things/{thing_id}/cancel',
    '/v1/things/{thing_id}/retire',
    '/v1/tree',
    '/v1/uploads',
    '/v1/users/{user_id}',
  ]);
  const place = document.paths['/v1/orders']?.['post'] as Operation;
  const statuses = '201 400 401 403 406 409 412 413 415 422 429 431 503';
  t.equal(Object.keys(place.responses).join(' '), statuses);
  t.match(place.responses['409'], { $ref: '#/components/responses/CommandConflict' });
  const shared = document.components['responses'] as Operation['responses'];
  t.match(shared['CommandConflict']?.description, /revision-conflict/);
  t.same(Object.keys(shared['BadCommand']?.content ?? {}), ['application/problem+json']);
  t.match(place.responses['201']?.headers, { Location: Object, 'Log-Position': Object, ETag: Object });
  t.match(place.requestBody, {
    required: true,
    content: { 'application/json': { schema: { required: ['user_id', 'items'] } } },
  });
  t.same(
    place.parameters?.map((one) => one.$ref),
    ['Idempotency-Key', 'If-Match', 'Min-Log-Position', 'Prefer'].map((name) => `#/components/parameters/${name}`),
  );
  const cancel = document.paths['/v1/things/{thing_id}/cancel']?.['post'] as Operation;
  t.equal(cancel.requestBody?.required, false);
  t.match(shared['CancelThingConflict']?.description, /order-paid/);
  const retire = document.paths['/v1/things/{thing_id}/retire']?.['post'] as Operation;
  t.equal(retire.requestBody, undefined);
  t.match(
    Object.keys(retire.responses),
    ['200', '400', '401', '403', '406', '409', '412', '413', '415'],
    'a body may be sent',
  );
  const patch = document.paths['/v1/things/{thing_id}']?.['patch'] as Operation;
  t.same(Object.keys(patch.requestBody?.content ?? {}), ['application/json', 'application/merge-patch+json']);
  const list = document.paths['/v1/things']?.['get'] as Operation;
  t.match(list.parameters, [{ name: 'limit', in: 'query', required: false }, { name: 'cursor' }, { name: 'status' }]);
  const tree = document.paths['/v1/tree']?.['get'] as Operation;
  t.match(tree.parameters, [{ $ref: '#/components/parameters/If-None-Match' }]);
  t.match(tree.responses['200']?.headers, { ETag: Object });
  const metrics = document.paths['/metrics']?.['get'] as Operation;
  t.same(Object.keys(metrics.responses['200']?.content ?? {}), ['text/plain', 'application/openmetrics-text']);
  const upload = document.paths['/v1/uploads']?.['post'] as Operation;
  t.same(Object.keys(upload.requestBody?.content ?? {}), ['multipart/form-data']);
  t.notMatch(answer.body, /\$defs|"nullable"/);
  for (const [, ref = ''] of answer.body.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    t.ok(
      ref.split('/').reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document),
      `${ref} is there`,
    );
  }
});

void t.test('a schema that refers to itself is a component of the document', async (t) => {
  const node = z.strictObject({
    id: z.string(),
    get below(): z.ZodArray<typeof node> {
      return z.array(node);
    },
  });
  const drain = new Drain();
  const app = await buildApp({
    logger: null,
    version: '1',
    access: openAccess,
    checks: [],
    metrics: createMetrics(),
    drain,
  });
  t.teardown(() => app.close());
  const tree = { data: [{ id: 'a', below: [{ id: 'b', below: [] }] }] };
  app.get('/v1/nodes', { schema: { response: { 200: z.strictObject({ data: z.array(node) }) } } }, () => tree);
  t.same((await app.inject({ url: '/v1/nodes', headers })).json(), tree);
  const answer = await app.inject({ url: '/openapi.json', headers });
  const ref = { $ref: '#/components/schemas/Schema1' };
  t.match(answer.json(), {
    components: { schemas: { Schema1: { properties: { id: { type: 'string' }, below: { items: ref } } } } },
    paths: {
      '/v1/nodes': {
        get: {
          responses: { 200: { content: { 'application/json': { schema: { properties: { data: { items: ref } } } } } } },
        },
      },
    },
  });
  t.notMatch(answer.body, /\$defs/);
});

void t.test('the page of the document comes with all that it needs', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const page = await app.inject({ url: '/docs', headers: { ...headers, accept: 'text/html' } });
  t.equal(page.statusCode, 200);
  t.match(page.headers['content-security-policy'], /script-src 'self'/);
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
  t.ok(assets.length >= 5);
  for (const url of [...assets, '/docs/json']) t.equal((await app.inject({ url, headers })).statusCode, 200, url);
  t.equal(
    (await app.inject({ url: '/docs/static/none.js', headers })).json<{ code: string }>().code,
    'route-not-found',
  );
});
