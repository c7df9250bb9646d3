import type { Answered } from './answered.js';

/** One line a request, by its route's template, with the code of the problem that it ended with: no path, query, header or body, for these may name people. */
export function logRequests(answered: Answered): void {
  answered.each((request, reply, hasLeft) => {
    const route = request.routeOptions.url ?? null;
    const ms = Math.round(reply.elapsedTime * 10) / 10;
    const refused = reply.problemCode === null ? {} : { code: reply.problemCode };
    const message = hasLeft ? 'the caller left before the answer' : 'answered';
    request.log.info({ method: request.method, route, status: reply.statusCode, ...refused, ms }, message);
  });
}
