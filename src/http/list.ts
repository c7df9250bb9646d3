import { createHmac, type KeyObject } from 'node:crypto';
import type { z } from 'zod';
import { Refusal } from '../engine/index.js';
import { pathOf } from './path-of.js';

const CHECK_BYTES = 9;

/** Where a list goes on, as opaque text. Only what this made is read again, so a key in it may be trusted. */
export class Cursors {
  readonly #hashKey: KeyObject;

  constructor(hashKey: KeyObject) {
    this.#hashKey = hashKey;
  }

  /** @param list the name of the list: a cursor of another one is refused */
  encode(list: string, key: unknown): string {
    const json = JSON.stringify(key);
    return Buffer.concat([this.#check(list, json), Buffer.from(json, 'utf8')]).toString('base64url');
  }

  /** Null for no cursor. @throws Refusal invalid-cursor */
  decode<Key>(list: string, schema: z.ZodType<Key>, cursor: string | undefined): Key | null {
    if (cursor === undefined) return null;
    const bytes = Buffer.from(cursor, 'base64url');
    const json = bytes.subarray(CHECK_BYTES).toString('utf8');
    // Compared as text too: reading base64url passes over what does not belong there.
    const isOurs =
      this.#check(list, json).equals(bytes.subarray(0, CHECK_BYTES)) && bytes.toString('base64url') === cursor;
    const key = isOurs ? schema.safeParse(JSON.parse(json)) : null;
    if (!key?.success) throw new Refusal('invalid-cursor', 'The cursor can not be read, or it is of another list.');
    return key.data;
  }

  #check(list: string, json: string): Buffer {
    return createHmac('sha256', this.#hashKey).update(`cursor ${list} ${json}`).digest().subarray(0, CHECK_BYTES);
  }
}

interface ListRequest {
  readonly url: string;
  /** As the route's schema has read it. */
  readonly query: { readonly limit: number; readonly cursor?: string | undefined };
}

interface HeadersTo {
  header(name: string, value: string): unknown;
}

/**
 * The answer to a list, with the way to its next page in the body and as a Link header.
 * @param cursor of the next page, null on the last one
 */
export function listAnswer<Item>(
  request: ListRequest,
  reply: HeadersTo,
  data: Item[],
  cursor: string | null,
): { data: Item[]; next: string | null } {
  return { data, next: cursor === null ? null : nextPage(request, reply, 'cursor', cursor) };
}

/** The path of a list's next page: the same query from another place on. Sets it as Link header, too. */
export function nextPage(request: ListRequest, reply: HeadersTo, parameter: string, place: string): string {
  const { limit, ...others } = request.query;
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined && name !== parameter) query.set(name, `${value as string | number}`);
  }
  query.set(parameter, place);
  const next = `${pathOf(request.url)}?${query.toString()}`;
  reply.header('link', `<${next}>; rel="next"`);
  return next;
}
