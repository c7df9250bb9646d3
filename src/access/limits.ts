/** How many requests a caller may send, and how many wrong credentials may come from one address. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../http/app-type.js';
import { Problem } from '../http/problem.js';
import type { RateLimits } from './config.js';

const WINDOW_SECONDS = 60;
/** Nobody guesses a key. This bounds what somebody who tries costs, and the lines in the log. */
const MOST_FAILURES = 300;
const MOST_CALLERS = 50_000;

/**
 * Counts a request of its caller; while the caller is anonymous, a failure of its address.
 * @throws Problem rate-limited
 */
export type CountRequest = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

export async function countRequests(app: App, limits: RateLimits): Promise<CountRequest> {
  const policyOf = ({ caller: { kind } }: FastifyRequest): { name: string; max: number } => {
    if (kind === 'anonymous') return { name: 'failures', max: MOST_FAILURES };
    return kind === 'customer' ? { name: 'customer', max: limits.customer } : { name: 'staff', max: limits.staff };
  };
  await app.register(rateLimit, {
    global: false,
    cache: MOST_CALLERS,
    timeWindow: WINDOW_SECONDS * 1_000,
    max: (request) => policyOf(request).max,
    keyGenerator: ({ caller: { kind, id }, ip }) =>
      kind === 'anonymous' ? `address ${rateLimit.normalizeIP(ip)}` : `${kind} ${id}`,
  });
  const count = app.createRateLimit();
  return async (request, reply) => {
    const counted = await count(request);
    if (counted.isAllowed) return;
    const { name } = policyOf(request);
    const { max, remaining, ttlInSeconds, isExceeded } = counted;
    reply.header('ratelimit-policy', `"${name}";q=${max};w=${WINDOW_SECONDS}`);
    reply.header('ratelimit', `"${name}";r=${remaining};t=${ttlInSeconds}`);
    if (!isExceeded) return;
    const what = name === 'failures' ? 'wrong credentials came from this address' : 'requests came from this caller';
    throw new Problem('rate-limited', `More than ${max} ${what} within a minute.`, [], {
      'retry-after': String(Math.max(1, ttlInSeconds)),
    });
  };
}
