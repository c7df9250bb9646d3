/** Hostile requests, made from the operations of the OpenAPI document. Request number N of a seed is always the same. */
import { BOUNDARY, formBody, jsonBody, type Living, validText } from './bodies.js';
import { Dice } from './dice.js';
import type { ApiDocument, Operation } from './document.js';
import { CONTENT_TYPES, HEADER_NAMES, HEADER_TEXTS, TEXTS } from './values.js';

export interface Attack {
  /** Null where the method or the path are no longer those of an operation. */
  readonly operation: Operation | null;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

const METHODS = ['HEAD', 'OPTIONS', 'TRACE', 'PUT', 'POST', 'DELETE', 'PATCH', 'GET', 'PROPFIND', 'SEARCH'];

export function attack(document: ApiDocument, seed: number, number: number, living: Living, pdf: Buffer): Attack {
  const dice = new Dice(Math.imul(seed, 0x9e3779b1) + number);
  const operation = dice.one(document.operations);
  const method = dice.chance(25) ? dice.one(METHODS) : operation.method;
  const { path, isOperation } = pathOf(operation, living, dice);
  const { type, body } = bodyOf(operation, method, living, pdf, dice);
  const headers: Record<string, string> = { ...(type !== null && { 'content-type': type }) };
  for (let count = dice.below(3); count > 0; count--) headers[dice.one(HEADER_NAMES)] = dice.one(HEADER_TEXTS);
  if (dice.chance(4)) headers['idempotency-key'] = dice.chance(3) ? 'the-same' : `key-${dice.below(1e9)}`;
  if (dice.chance(4)) headers['if-match'] = `"${dice.below(3)}"`;
  const same = isOperation && method === operation.method;
  return { operation: same ? operation : null, method, path, headers, body };
}

function pathOf(operation: Operation, living: Living, dice: Dice): { path: string; isOperation: boolean } {
  let isOperation = true;
  let path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (!dice.chance(4)) return encodeURIComponent(String(dice.one(living[name] ?? ['order-paid'])));
    const text = dice.one(TEXTS);
    // An empty step, or one that a client or router resolves, is the path of something else.
    if (text === '' || text.startsWith('..')) isOperation = false;
    return dice.chance(5) ? ((isOperation = false), '%ff%00%') : encodeURIComponent(text);
  });
  if (dice.chance(30)) {
    isOperation = false;
    path = dice.one([
      `${path}/`,
      `/${path}`,
      path.toUpperCase(),
      `${path}/..`,
      `${path};a=b`,
      `${path}%2f`,
      '/*',
      '/v2/orders',
    ]);
  }
  const query = operation.parameters.filter((one) => one.in === 'query' && dice.chance(2));
  const pairs = query.map(({ name, schema }) => {
    const value = dice.chance(2) ? validText(schema, name, living, dice) : dice.one(TEXTS);
    return `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  });
  if (dice.chance(8))
    pairs.push(...pairs, `${encodeURIComponent(dice.one(TEXTS))}=${encodeURIComponent(dice.one(TEXTS))}`);
  if (dice.chance(20)) pairs.push('%', 'a=%zz', '&&=', 'limit[]=1', 'as_of=');
  return { path: pairs.length > 0 ? `${path}?${pairs.join('&')}` : path, isOperation };
}

function bodyOf(
  { bodies }: Operation,
  method: string,
  living: Living,
  pdf: Buffer,
  dice: Dice,
): { type: string | null; body: Buffer | null } {
  const types = Object.keys(bodies);
  if (types.length === 0) {
    if (!dice.chance(8) || method === 'TRACE') return { type: null, body: null };
    return { type: dice.one(CONTENT_TYPES), body: Buffer.from(dice.one(TEXTS)) };
  }
  const type = dice.one(types);
  const schema = bodies[type]?.schema ?? {};
  const isForm = type === 'multipart/form-data';
  const body = isForm ? formBody(schema, living, pdf, dice) : jsonBody(schema, living, dice);
  const named = isForm ? `${type}; boundary=${BOUNDARY}` : type;
  return { type: dice.chance(12) ? dice.one(CONTENT_TYPES) : dice.chance(30) ? null : named, body };
}
