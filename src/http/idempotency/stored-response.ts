import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { openText, sealText } from '../../crypto/sealed-text.js';
import type { ProblemCode } from '../problem-codes.js';
import { errors, Refusal, type Sealed, type Vault } from '../../engine/index.js';

/** What was sent under an idempotency key. */
export interface StoredResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly body: string;
}

/** Ends a request whose key was answered before. No error, but it takes the way of one: nothing more of the request is run. */
export class AnsweredBefore extends Error {
  override readonly name = 'AnsweredBefore';
  constructor(readonly response: StoredResponse) {
    super('the request was answered before, under the same idempotency key');
  }
}

/** Those that tell of the command; the others are each request's own. */
const KEPT_HEADERS = ['content-type', 'location', 'etag', 'log-position', 'link'] as const;

/** What a reply is about to send. */
export function responseOf(reply: FastifyReply, body: string): StoredResponse {
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  return { status: reply.statusCode, headers, body };
}

/** Sends a stored response once more. */
export function replay(reply: FastifyReply, response: StoredResponse): FastifyReply {
  reply.header('idempotency-replayed', 'true');
  // As it is: Fastify would add a charset to the media type.
  return reply.serializer(asItIs).send(replaceBy(reply, response));
}

/** Makes another response of what a reply is about to send. @returns the body */
export function replaceBy(reply: FastifyReply, { status, headers, body }: StoredResponse): string {
  for (const name of KEPT_HEADERS) reply.removeHeader(name);
  reply.problemCode = status < 400 ? null : codeOf(body);
  reply.code(status).headers(headers);
  return body;
}

/** Of a problem document. */
export function codeOf(body: string): ProblemCode {
  return (JSON.parse(body) as { readonly code: ProblemCode }).code;
}

function asItIs(body: unknown): string {
  return body as string;
}

/** Tell with which key a response is sealed. */
const OF_USER = 'u';
const OF_DEPLOYMENT = 'd';

/**
 * Seals responses for their rows. One that is about a user is sealed with the user's own key, so that destroying the key covers it
 * in every copy of the table; the others with a key of the deployment.
 */
export class ResponseSeal {
  readonly #key: KeyObject;

  /** @param log kind of the log: positions in a response are of this one, so it opens for no other */
  constructor(
    hashKey: KeyObject,
    private readonly vault: Vault,
    private readonly log: string,
  ) {
    this.#key = createSecretKey(Buffer.from(hkdfSync('sha256', hashKey, '', 'idempotency responses', 32)));
  }

  /** @param userId whom the response is about. @returns null if the user is erased */
  async seal(commandId: string, userId: string | null, response: StoredResponse): Promise<string | null> {
    const { status, headers, body } = response;
    // No line break is in the first line, whatever the headers hold.
    const text = `${JSON.stringify({ status, headers })}\n${body}`;
    const place = this.#placeOf(commandId);
    if (userId === null) return OF_DEPLOYMENT + sealText(this.#key, place, text);
    try {
      return OF_USER + (await this.vault.seal(userId, place, text));
    } catch (error) {
      if (error instanceof Refusal && error.code === 'user-erased') return null;
      throw error;
    }
  }

  /** Null if it can't be read any more: the user is erased, or the keys are others. */
  async open(commandId: string, userId: string | null, stored: string): Promise<StoredResponse | null> {
    const place = this.#placeOf(commandId);
    const sealed = stored.slice(1) as Sealed;
    try {
      const text = stored.startsWith(OF_DEPLOYMENT)
        ? openText(this.#key, place, sealed)
        : await this.vault.open(userId ?? '', place, sealed);
      if (text === null) return null;
      const end = text.indexOf('\n');
      const { status, headers } = JSON.parse(text.slice(0, end)) as Omit<StoredResponse, 'body'>;
      return { status, headers, body: text.slice(end + 1) };
    } catch (error) {
      if (error instanceof errors.Unopened) return null;
      throw error;
    }
  }

  #placeOf(commandId: string): { readonly stream: string; readonly field: string; readonly eventId: string } {
    return { stream: `idempotency-keys of ${this.log}`, field: 'response', eventId: commandId };
  }
}
