import t from 'tap';
import { runningApp } from '../support/running-app.js';

/** Every route and the status of its success. */
const ROUTES = `
  post 201 /v1/users
  patch 200 /v1/users/{user_id}
  put 200 /v1/users/{user_id}/id-proof
  get 200 /v1/users/{user_id}/id-proof
  get 200 /v1/users
  get 200 /v1/users/{user_id}
  post 200 /v1/users/{user_id}/erase
  post 201 /v1/orders
  post 200 /v1/orders/{order_id}/cancel
  post 200 /v1/orders/{order_id}/mark-paid
  get 200 /v1/orders/{order_id}
  get 200 /v1/orders
  get 200 /v1/users/{user_id}/orders
  get 200 /v1/categories
  get 304 /v1/categories
  get 200 /v1/categories/{cat_id}
  get 200 /v1/categories/{cat_id}/order-counts
  get 200 /v1/order-counts
  get 200 /v1/order-counts/hours
  post 201 /v1/categories
  patch 200 /v1/categories/{cat_id}
  delete 204 /v1/categories/{cat_id}
  get 200 /v1/products
  get 200 /v1/products/{product_id}
  post 201 /v1/products
  patch 200 /v1/products/{product_id}
  post 200 /v1/products/{product_id}/retire
  post 200 /v1/products/{product_id}/reinstate
  get 200 /v1/products/{product_id}/stock
  get 200 /v1/stock
  post 200 /v1/products/{product_id}/stock/count
  post 200 /v1/products/{product_id}/stock/receive
  post 200 /v1/products/{product_id}/stock/adjust
  delete 204 /v1/products/{product_id}/stock
  get 200 /v1/products/{product_id}/stock/events
  get 200 /v1/orders/{order_id}/events
  get 200 /v1/users/{user_id}/events
  get 200 /v1/products/{product_id}/events
  get 200 /v1/categories/events
  get 200 /v1/log
  get 200 /v1/ops/status
  get 200 /v1/ops/read-models
  get 200 /v1/ops/jobs
  post 202 /v1/ops/jobs
  get 200 /v1/ops/jobs/{job_id}
  delete 200 /v1/ops/jobs/{job_id}
  get 200 /v1/ops/quarantine
  post 200 /v1/ops/quarantine/retry
  post 200 /v1/ops/quarantine/skip
  get 200 /health/live
  get 200 /health/ready
  get 503 /health/ready
  get 200 /metrics
  get 200 /openapi.json
  get 200 /docs
  get 200 /problems/{code}
`;

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, object>>;
}

void t.test('the OpenAPI document has exactly the routes that are served, and how each succeeds', async (t) => {
  const { http } = await runningApp(t, { projectors: false });
  const { paths } = (await http.ok('GET', '/openapi.json')).body as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const wanted = ROUTES.trim()
    .split(/\s*\n\s*/)
    .map((line) => line.split(' ') as [string, string, string]);
  for (const [method, status, path] of wanted) {
    const operation = paths[path]?.[method];
    t.ok(operation?.responses[status], `${method} ${path} answers ${status}`);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const named = (operation?.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
    t.same(named, inPath, `${method} ${path} describes its path`);
  }
  const known = new Set(wanted.map(([method, , path]) => `${method} ${path}`));
  const shown = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((one) => `${one} ${path}`));
  t.same(
    shown.filter((one) => !known.has(one)),
    [],
    'and no other',
  );
});
