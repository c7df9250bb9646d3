/** Access control in front of all routes: who asks, whether its role may, and whether what it asks for is its own. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Answered } from '../http/answered.js';
import type { App } from '../http/app-type.js';
import { Problem } from '../http/problem.js';
import { logDenied, logPrivileged } from './access-log.js';
import { type AccessTable, accessOf, type Ownership } from './access-table.js';
import { ANONYMOUS, type Caller, type Role } from './caller.js';
import type { AccessConfig, RateLimits } from './config.js';
import type { Authenticate } from './credentials.js';
import { type CountRequest, countRequests } from './limits.js';

/** What the application knows of access. */
export interface Access {
  readonly table: AccessTable;
  /** Null: there is none, and only requests from and to this machine are served. */
  readonly control: AccessControl | null;
  readonly corsOrigins: AccessConfig['corsOrigins'];
  readonly trustProxy: AccessConfig['trustProxy'];
}

export interface AccessControl {
  readonly authenticate: Authenticate;
  /** Whose order it is; null for an unknown one. */
  readonly ownerOfOrder: (orderId: string) => Promise<string | null>;
  readonly rateLimits: RateLimits;
}

const MOST_OWNERS = 50_000;

/** Each route that is added from now on needs an entry in the table, or the start fails. */
export function requireEntries(app: App, table: AccessTable): void {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, access: accessOf(table, [route.method].flat(), route.url) };
  });
}

export async function guardRoutes(app: App, answered: Answered, control: AccessControl): Promise<void> {
  const count = await countRequests(app, control.rateLimits);
  const ownerOf = rememberingOwners(control.ownerOfOrder);
  app.addHook('onRequest', async (request, reply) => {
    try {
      await admit(request, reply, control.authenticate, count);
    } catch (error) {
      if (error instanceof Problem) logDenied(request, error.code);
      throw error;
    }
  });
  app.addHook('preHandler', async (request) => {
    const own = request.routeOptions.config.access?.own;
    if (own === undefined || request.caller.kind !== 'customer') return;
    if (await isOwn(request, own, ownerOf)) return;
    const problem = notThere(own);
    logDenied(request, problem.code);
    throw problem;
  });
  answered.each((request, reply) => {
    const { isPrivileged = false, roles } = request.routeOptions.config.access ?? {};
    if (isPrivileged && roles?.some((role) => role === request.caller.kind)) logPrivileged(request, reply);
  });
}

async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  authenticate: Authenticate,
  count: CountRequest,
): Promise<void> {
  const { access } = request.routeOptions.config;
  // Without an entry there is no such route.
  if (!access) return;
  const { authorization } = request.headers;
  if (access.roles === null) {
    if (access.detailsFor && authorization !== undefined)
      request.caller = await orAnonymous(authenticate, authorization);
    return;
  }
  if (authorization === undefined) throw unauthenticated('The request has no Authorization header.', '');
  const caller = await authenticate(authorization);
  if (!caller) {
    await count(request, reply);
    throw unauthenticated(INVALID, ', error="invalid_token"');
  }
  request.caller = caller;
  request.mayStill = async () => {
    const again = await authenticate(authorization);
    return again?.kind === caller.kind && again.id === caller.id;
  };
  await count(request, reply);
  if (!(access.roles as readonly string[]).includes(caller.kind)) throw forbidden(access.roles, caller);
}

const INVALID = 'The Authorization header holds no valid API key or token. It may be expired or revoked.';

function unauthenticated(detail: string, error: string): Problem {
  const remedy = 'Send Authorization: Bearer, then an API key or a token.';
  return new Problem('unauthenticated', `${detail} ${remedy}`, [], {
    'www-authenticate': `Bearer realm="orderlog"${error}`,
  });
}

function forbidden(roles: readonly Role[], { kind }: Caller): Problem {
  return new Problem('forbidden', `This takes the role ${roles.join(' or ')}, and the caller is a ${kind}.`, [], {
    'www-authenticate': `Bearer realm="orderlog", error="insufficient_scope", scope="${roles.join(' ')}"`,
  });
}

/** For a route that needs no key: what is wrong with one makes no difference there. */
async function orAnonymous(authenticate: Authenticate, authorization: string): Promise<Caller> {
  return (await authenticate(authorization).catch(() => null)) ?? ANONYMOUS;
}

/** What belongs to others is answered as what is not there, in the same words. */
function notThere(own: Ownership): Problem {
  switch (own) {
    case 'user-in-path':
      return new Problem('user-not-found', 'There is no such user.');
    case 'order-in-path':
      return new Problem('order-not-found', 'There is no such order.');
    case 'user-in-body':
      return new Problem('unknown-user', 'There is no such user.', [{ path: 'user_id', message: 'unknown user' }]);
  }
}

/** After validation: ids are in the form in which they compare. */
async function isOwn(
  { params, body, caller }: FastifyRequest,
  own: Ownership,
  ownerOf: AccessControl['ownerOfOrder'],
): Promise<boolean> {
  switch (own) {
    case 'user-in-path':
      return (params as { user_id?: unknown }).user_id === caller.id;
    case 'user-in-body':
      return (body as { user_id?: unknown } | undefined)?.user_id === caller.id;
    case 'order-in-path':
      return (await ownerOf((params as { order_id: string }).order_id)) === caller.id;
  }
}

/** The owner of an order never changes. */
function rememberingOwners(ownerOfOrder: AccessControl['ownerOfOrder']): AccessControl['ownerOfOrder'] {
  const known = new LRUCache<string, string>({ max: MOST_OWNERS });
  return async (orderId) => {
    const owner = known.get(orderId) ?? (await ownerOfOrder(orderId));
    if (owner !== null) known.set(orderId, owner);
    return owner;
  };
}
