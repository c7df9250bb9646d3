import type { KeyObject } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '../engine/index.js';
import { deriveUuid, fingerprint } from '../crypto/derive.js';
import { ifMatchOf } from './etag.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { newId } from './new-id.js';
import { pathOf } from './path-of.js';

/** What the edge knows of a command, and ids for what it makes. */
export interface RequestContext extends CommandContext {
  /** An id for a new thing: the same again for a retry under the same key. */
  newId(purpose: string): string;
}

/** The key of everything that is derived from what a request says. */
export type HashKey = KeyObject;

/**
 * @param content what the caller asks for, as JSON: under one idempotency key it must be the same
 * @throws Problem invalid-request for a bad `Idempotency-Key` or `If-Match`
 */
export function commandContext(
  request: Pick<FastifyRequest, 'caller' | 'headers' | 'method' | 'url' | 'id'> & Partial<Pick<FastifyRequest, 'raw'>>,
  hashKey: HashKey,
  commandType: string,
  content: unknown,
): RequestContext {
  const { kind, id } = request.caller;
  const commandId = keyedCommandId(request, hashKey);
  const condition = ifMatchOf(request.headers);
  const common = {
    fingerprint: fingerprint(hashKey, commandType, condition === null ? content : { content, if_match: condition }),
    correlationId: request.id,
    actor: { kind, id },
    now: new Date().toISOString(),
    isCallerGone: () => request.raw?.socket.destroyed === true,
  };
  if (commandId === null) return { commandId: newId(), keyed: false, eventId: newId, newId, ...common };
  return {
    commandId,
    keyed: true,
    eventId: (stream, index) => deriveUuid(hashKey, 'event', commandId, stream, String(index)),
    newId: (purpose) => deriveUuid(hashKey, 'new', commandId, purpose),
    ...common,
  };
}

/** Of requests whose caller is known. The key is claimed under it first, and the command takes it after that. */
const keyed = new WeakMap<object, string>();

/**
 * The id of the command that a request names by its key: it follows from caller, method, path and key. Null without a key.
 * @throws Problem invalid-request for a bad `Idempotency-Key`
 */
export function keyedCommandId(
  request: Pick<FastifyRequest, 'caller' | 'headers' | 'method' | 'url'>,
  hashKey: HashKey,
): string | null {
  const key = idempotencyKeyOf(request.headers);
  if (key === null) return null;
  let commandId = keyed.get(request);
  if (commandId === undefined) keyed.set(request, (commandId = commandIdOf(request, hashKey, key)));
  return commandId;
}

function commandIdOf(
  request: Pick<FastifyRequest, 'caller' | 'method' | 'url'>,
  hashKey: HashKey,
  key: string,
): string {
  const { kind, id } = request.caller;
  const caller = id === null ? [kind] : [kind, id];
  return deriveUuid(hashKey, 'command', ...caller, request.method, pathOf(request.url), key);
}
