/** Stored responses of keyed commands, between the routes and the keys (docs/decisions/0019). */
import type { KeyObject } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fingerprint } from '../../crypto/derive.js';
import type { App } from '../app-type.js';
import { keyedCommandId } from '../command-context.js';
import { ifMatchOf } from '../etag.js';
import { headerFaults } from '../header-faults.js';
import { Problem, problemDocument, toProblem } from '../problem.js';
import { problemKind } from '../problem-codes.js';
import { changes } from '../route-kind.js';
import type { KeyClaims } from './key-claims.js';
import { AnsweredBefore, codeOf, replaceBy, responseOf } from './stored-response.js';

/** A claimed key, while its command runs. */
interface Claimed {
  readonly commandId: string;
  /** Whom the response turns out to be about. */
  userId: string | null;
}

/**
 * Claims the idempotency key of a request, if it has one.
 * @param content what the request asks for, beside its method and path
 * @throws AnsweredBefore, Refusal idempotency-mismatch, idempotency-in-flight
 */
export type ClaimKey = (request: FastifyRequest, content: object) => Promise<void>;

/** The rules have spoken under this status, and would have to be asked again after it is forgotten. */
const RULED: readonly number[] = [404, 409, 412, 422];
/** Not what the rules say of the command, but what became of this attempt. */
const OF_THE_ATTEMPT = new Set(['revision-conflict', 'idempotency-in-flight', 'idempotency-mismatch']);

/**
 * Claims the keys of all commands that are added after this, and stores what they are answered with. Forms are read by their
 * routes, which claim the key when they have read what it is for.
 */
export function answerOnce(app: App, keys: KeyClaims, hashKey: KeyObject): ClaimKey {
  const claimed = new WeakMap<FastifyRequest, Claimed>();

  const claim: ClaimKey = async (request, content) => {
    const commandId = keyedCommandId(request, hashKey);
    if (commandId === null) return;
    const userId = userOf(request.params) ?? userOf(content);
    const asked = { content, if_match: ifMatchOf(request.headers) };
    const before = await keys.claim({ commandId, userId, fingerprint: fingerprint(hashKey, 'request', asked) });
    if (before) throw new AnsweredBefore(before);
    claimed.set(request, { commandId, userId: null });
  };

  app.addHook('preHandler', (request, _reply, done) => {
    const { kind, form } = request.routeOptions.config;
    if (!changes(kind) || form || request.headers['idempotency-key'] === undefined) {
      done();
      return;
    }
    // What is wrong with the request is told before the key is claimed for it.
    const faults = headerFaults(request);
    if (faults.length > 0) {
      done(new Problem('invalid-request', undefined, faults));
      return;
    }
    claim(request, { ...(request.body as object | null | undefined) }).then(() => done(), done);
  });

  app.addHook('preSerialization', (request, _reply, payload, done) => {
    const claim = claimed.get(request);
    if (claim) claim.userId = userOf((payload as { readonly data?: unknown } | null)?.data);
    done(null, payload);
  });

  app.addHook('onSend', (request, reply, payload, done) => {
    const claim = claimed.get(request);
    if (!claim) {
      done(null, payload);
      return;
    }
    claimed.delete(request);
    finish(keys, claim, request, reply, (payload as string | null) ?? '').then((body) => done(null, body), done);
  });

  return claim;
}

/** @returns the body to send */
async function finish(
  keys: KeyClaims,
  claim: Claimed,
  request: FastifyRequest,
  reply: FastifyReply,
  body: string,
): Promise<string> {
  const answered = isStored(reply.statusCode, body)
    ? { response: responseOf(reply, body), userId: claim.userId }
    : null;
  try {
    const instead = await keys.finish(claim, answered);
    if (!instead) return body;
    reply.header('idempotency-replayed', 'true');
    return replaceBy(reply, instead);
  } catch (error) {
    // Not thrown on: a reply that is a problem already has no way to become another one by an error.
    const problem = toProblem(error);
    const { status, retryAfter } = problemKind(problem.code);
    if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
    const headers = { 'content-type': 'application/problem+json' };
    return replaceBy(reply, { status, headers, body: JSON.stringify(problemDocument(problem, request.id)) });
  }
}

function isStored(status: number, body: string): boolean {
  if (status >= 200 && status < 300) return true;
  return RULED.includes(status) && !OF_THE_ATTEMPT.has(codeOf(body));
}

function userOf(part: unknown): string | null {
  const { user_id } = (part ?? {}) as { readonly user_id?: unknown };
  return typeof user_id === 'string' ? user_id : null;
}
