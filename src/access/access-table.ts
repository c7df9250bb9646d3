/** Who may call which route. What runs, the OpenAPI document and the test matrix are made from this one table. */
import { type Role, ROLES } from './caller.js';

/** What belongs to a customer: the user or the order of the path, or the user that the body names. */
export type Ownership = 'user-in-path' | 'order-in-path' | 'user-in-body';

export interface RouteAccess {
  /** Null: anybody, without a key. */
  readonly roles: readonly Role[] | null;
  /** A customer may call the route for what is its own; everything else does not exist for it. */
  readonly own?: Ownership;
  /** Each call leaves a line in the log. */
  readonly isPrivileged?: true;
  /** The answers tell of people: nobody may keep them (`Cache-Control: no-store`). */
  readonly isPersonal?: true;
  /** A caller with a key of this role is shown more, although the route needs none. */
  readonly detailsFor?: readonly Role[];
}

/** By method and path. `/*` at the end stands for the path before it and everything below. */
export type AccessTable = Readonly<Record<string, RouteAccess>>;

const STAFF = ['clerk', 'admin'] as const;

const anybody: RouteAccess = { roles: null };
const everyRole: RouteAccess = { roles: ROLES };
const staff: RouteAccess = { roles: STAFF };
const admin: RouteAccess = { roles: ['admin'], isPrivileged: true };
/** Asked every few seconds by Prometheus or a console: no line for each. */
const watched: RouteAccess = { roles: ['admin'] };
const ofPeople = { isPersonal: true } as const;
const staffOnPeople: RouteAccess = { ...staff, ...ofPeople };
const adminOnPeople: RouteAccess = { ...admin, ...ofPeople };
const ownUser: RouteAccess = { roles: ROLES, own: 'user-in-path', ...ofPeople };
const ownOrder: RouteAccess = { roles: ROLES, own: 'order-in-path', ...ofPeople };

export const accessTable: AccessTable = {
  'POST /v1/users': staffOnPeople,
  'GET /v1/users': staffOnPeople,
  'GET /v1/users/:user_id': ownUser,
  'PATCH /v1/users/:user_id': ownUser,
  'PUT /v1/users/:user_id/id-proof': ownUser,
  'GET /v1/users/:user_id/id-proof': { ...ownUser, isPrivileged: true },
  'GET /v1/users/:user_id/orders': ownUser,
  'POST /v1/users/:user_id/erase': adminOnPeople,
  'GET /v1/users/:user_id/events': adminOnPeople,

  'POST /v1/orders': { roles: ROLES, own: 'user-in-body', ...ofPeople },
  'GET /v1/orders': staffOnPeople,
  'GET /v1/orders/:order_id': ownOrder,
  'POST /v1/orders/:order_id/cancel': ownOrder,
  'POST /v1/orders/:order_id/mark-paid': staffOnPeople,
  'GET /v1/orders/:order_id/events': adminOnPeople,

  'GET /v1/order-counts': staff,
  'GET /v1/order-counts/hours': staff,

  'GET /v1/categories': everyRole,
  'GET /v1/categories/:cat_id': everyRole,
  'GET /v1/categories/:cat_id/order-counts': everyRole,
  'GET /v1/categories/events': admin,
  'POST /v1/categories': admin,
  'PATCH /v1/categories/:cat_id': admin,
  'DELETE /v1/categories/:cat_id': admin,

  'GET /v1/products': everyRole,
  'GET /v1/products/:product_id': everyRole,
  'GET /v1/products/:product_id/events': admin,
  'POST /v1/products': admin,
  'PATCH /v1/products/:product_id': admin,
  'POST /v1/products/:product_id/retire': admin,
  'POST /v1/products/:product_id/reinstate': admin,
  'GET /v1/products/:product_id/stock': staff,
  'GET /v1/stock': staff,

  'POST /v1/products/:product_id/stock/count': staff,
  'POST /v1/products/:product_id/stock/receive': staff,
  'POST /v1/products/:product_id/stock/adjust': staff,
  'DELETE /v1/products/:product_id/stock': admin,
  'GET /v1/products/:product_id/stock/events': staff,

  'GET /v1/log': adminOnPeople,
  'GET /v1/ops/status': watched,
  'GET /v1/ops/read-models': watched,
  'GET /v1/ops/jobs': watched,
  'POST /v1/ops/jobs': admin,
  'GET /v1/ops/jobs/:job_id': watched,
  'DELETE /v1/ops/jobs/:job_id': admin,
  'GET /v1/ops/quarantine': watched,
  'POST /v1/ops/quarantine/retry': admin,
  'POST /v1/ops/quarantine/skip': admin,

  'GET /metrics': watched,
  'GET /health/live': anybody,
  'GET /health/ready': { roles: null, detailsFor: STAFF },
  'GET /openapi.json': anybody,
  'GET /docs/*': anybody,
  'GET /problems/:code': anybody,
  'GET /': anybody,
  'GET /console/*': anybody,
};

/** @throws Error for a route that has no entry */
export function accessOf(table: AccessTable, methods: readonly string[], path: string): RouteAccess {
  const found = methods.map((method) => {
    const name = `${method === 'HEAD' ? 'GET' : method} ${path}`;
    const entry = table[name] ?? Object.entries(table).find(([key]) => covers(key, name))?.[1];
    if (!entry) throw new Error(`the route ${name} has no entry in the table of access: say there who may call it`);
    return entry;
  });
  const [first, ...others] = found;
  if (!first || others.some((other) => other !== first))
    throw new Error(
      `the methods ${methods.join(' and ')} of ${path} differ in who may call them: add a route for each`,
    );
  return first;
}

function covers(key: string, name: string): boolean {
  return key.endsWith('/*') && `${name}/`.startsWith(key.slice(0, -1));
}
