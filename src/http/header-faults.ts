import type { FastifyRequest } from 'fastify';
import type { Fault } from '../engine/index.js';
import { ifMatchOf } from './etag.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { Problem } from './problem.js';
import { changes } from './route-kind.js';

/** What is wrong with the headers of a command. They are read by its route; here only to report them with other faults. */
export function headerFaults(request: FastifyRequest): Fault[] {
  const { kind } = request.routeOptions.config;
  if (!changes(kind)) return [];
  const faults: Fault[] = [];
  for (const read of kind === 'command' ? [idempotencyKeyOf, ifMatchOf] : [idempotencyKeyOf]) {
    try {
      read(request.headers);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      faults.push(...error.faults);
    }
  }
  return faults;
}
