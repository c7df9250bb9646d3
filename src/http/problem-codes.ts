import { operationProblems } from './operation-problems.js';
import type { RouteKind } from './route-kind.js';

/** What a code means. Its page under `/problems/<code>` says this. */
export interface ProblemKind {
  readonly status: number;
  /** Of the answer to a query, where it is another one. */
  readonly onQuery?: number;
  readonly title: string;
  readonly explanation: string;
  /** Seconds after which another try may succeed. */
  readonly retryAfter?: number;
}

/** Every code of the contract, by status. A code is never renamed. */
const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    explanation:
      'Something is missing, of the wrong type, out of range or unknown. `errors` names each place and what is wrong there.',
  },
  'invalid-cursor': {
    status: 400,
    title: 'The cursor is not valid',
    explanation: 'Cursors are opaque: follow the `next` of a list as it is, or start the list again without one.',
  },
  'invalid-log-position': {
    status: 400,
    title: 'The log position is not valid',
    explanation:
      'It can not be read, or it is of another log. Send the `Log-Position` of an answer as it is, or to `as_of` a time as ISO 8601 with its zone, such as `2026-01-31T09:30:00Z`.',
  },
  'malformed-json': {
    status: 400,
    title: 'The body is not JSON',
    explanation: 'The body is empty, not UTF-8 or not JSON.',
  },
  'id-proof-missing': {
    status: 400,
    title: 'The id proof is missing',
    explanation: 'Send the proof as the file `id_proof` of a multipart form. It must not be empty.',
  },
  unauthenticated: {
    status: 401,
    title: 'Not authenticated',
    explanation:
      'The request carries no credentials, or they are not valid. Send `Authorization: Bearer`, then an API key or a token.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    explanation:
      'The role of the caller may not do this: `detail` names the roles that may. Without access control only this machine is served, and only pages of this server: `detail` names the header.',
  },
  'user-not-found': { status: 404, title: 'No such user', explanation: 'There is no user with this id.' },
  'order-not-found': { status: 404, title: 'No such order', explanation: 'There is no order with this id.' },
  'category-not-found': { status: 404, title: 'No such category', explanation: 'There is no category with this id.' },
  'product-not-found': { status: 404, title: 'No such product', explanation: 'There is no product with this id.' },
  'id-proof-not-found': {
    status: 404,
    title: 'No id proof',
    explanation:
      'The user has not put an id proof yet, it has been erased, or the stored file is missing or damaged: then the log of the server says more.',
  },
  'stock-not-tracked': {
    status: 409,
    onQuery: 404,
    title: 'The stock is not tracked',
    explanation:
      'Nobody has counted the stock of this product, or its tracking was ended. Count it: `POST /v1/products/{product_id}/stock/count`. ' +
      'A query answers this with 404, a command with 409.',
  },
  'route-not-found': { status: 404, title: 'No such route', explanation: 'Nothing is served under this path.' },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed',
    explanation: 'The path is served under other methods: `Allow` names them.',
  },
  'not-acceptable': {
    status: 406,
    title: 'No acceptable form',
    explanation: 'The request accepts none of the media types that this route answers with.',
  },
  'payload-too-large': {
    status: 413,
    title: 'The body is too large',
    explanation: 'The body, or a file in it, is larger than allowed.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The media type is not supported',
    explanation:
      'The body is of a media type that this route does not read, or has a content coding: then `Accept-Encoding` says what is read.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    explanation: 'The request line and its headers together are larger than allowed.',
  },
  'order-paid': { status: 409, title: 'The order is paid', explanation: 'A paid order stays as it is.' },
  'order-cancelled': { status: 409, title: 'The order is cancelled', explanation: 'A cancelled order stays as it is.' },
  'email-taken': {
    status: 409,
    title: 'The e-mail address is taken',
    explanation: 'Another user has the address, or is being registered with it at this moment.',
  },
  'sku-taken': {
    status: 409,
    title: 'The SKU is taken',
    explanation: 'Another product has the SKU, or is being added with it at this moment.',
  },
  'external-reference-taken': {
    status: 409,
    title: 'The external reference is taken',
    explanation:
      'The user has an order with this `external_reference`: `GET /v1/users/{user_id}/orders?external_reference=` finds it. Use another reference for another order.',
  },
  'category-exists': { status: 409, title: 'The category exists', explanation: 'There is a category with this id.' },
  'category-code-taken': {
    status: 409,
    title: 'The category code is taken',
    explanation: 'Another category has this code.',
  },
  'product-exists': { status: 409, title: 'The product exists', explanation: 'There is a product with this id.' },
  'category-cycle': {
    status: 409,
    title: 'The category would be below itself',
    explanation: 'A category can not be moved to itself or to a category below it.',
  },
  'out-of-stock': {
    status: 409,
    title: 'Not enough in stock',
    explanation:
      'The order asks for more of a product than is available. `errors` names each line that is short, how many the order wants of its ' +
      'product in all its lines (`wanted`), and how many are `available`. Nothing was recorded as ordered or kept reserved.',
  },
  'stock-reserved': {
    status: 409,
    title: 'Orders hold stock of the product',
    explanation: 'Tracking ends only when no order has stock reserved. Pay or cancel these orders first.',
  },
  'category-not-empty': {
    status: 409,
    title: 'The category is not empty',
    explanation: 'It has categories below it, or products stand in it.',
  },
  'user-erased': {
    status: 409,
    title: 'The user is erased',
    explanation:
      'An erased user can not be changed and places no order. An order of an erased user can be paid without a reference and ' +
      'cancelled without a reason: neither could be stored.',
  },
  ...operationProblems,
  'revision-conflict': {
    status: 409,
    title: 'Others were faster',
    explanation: 'Others changed the same thing again and again while this was tried. Nothing was recorded; try again.',
    retryAfter: 1,
  },
  'idempotency-in-flight': {
    status: 409,
    title: 'The same request is under way',
    explanation: 'A request with this idempotency key is still running. Try again for its response.',
    retryAfter: 1,
  },
  'revision-mismatch': {
    status: 412,
    title: 'The revision is another one',
    explanation: 'The thing is not at the revision that `If-Match` names. Read it again, then decide again.',
  },
  'idempotency-mismatch': {
    status: 422,
    title: 'The idempotency key was used for another request',
    explanation: 'A key names one request. Use a new key for another one.',
  },
  'unknown-product': {
    status: 422,
    title: 'Unknown product',
    explanation: 'The request names a product that does not exist.',
  },
  'product-retired': {
    status: 422,
    title: 'The product is retired',
    explanation: 'A retired product can not be ordered.',
  },
  'unknown-category': {
    status: 422,
    title: 'Unknown category',
    explanation: 'The request names a category that does not exist.',
  },
  'unknown-user': {
    status: 422,
    title: 'Unknown user',
    explanation: 'The request names a user that does not exist or is erased.',
  },
  'id-proof-pending': {
    status: 422,
    title: 'The id proof is pending',
    explanation: 'The user has to put an id proof before placing orders.',
  },
  'currency-mismatch': {
    status: 422,
    title: 'Several currencies',
    explanation: 'All products of an order must be priced in one currency.',
  },
  'total-too-large': {
    status: 422,
    title: 'The total is too large',
    explanation: `The total of an order is at most ${Number.MAX_SAFE_INTEGER} minor units.`,
  },
  'order-too-large': {
    status: 422,
    title: 'The order is too large',
    explanation: 'The event to be recorded takes more than 512 KiB.',
  },
  'id-proof-not-pdf': {
    status: 422,
    title: 'The id proof is not a PDF',
    explanation: 'A PDF starts with `%PDF-` at its first byte.',
  },
  'id-proof-encrypted': {
    status: 422,
    title: 'The id proof is encrypted',
    explanation: 'Send a PDF that opens without a password.',
  },
  'id-proof-active-content': {
    status: 422,
    title: 'The id proof has active content',
    explanation: 'Scripts, launch actions, embedded files, forms that submit and the like are refused.',
  },
  'id-proof-damaged': {
    status: 422,
    title: 'The id proof is damaged',
    explanation: 'The PDF can not be opened, has no page, or takes too much to open.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    explanation:
      'The caller sent more requests than `RateLimit-Policy` allows, or has too many uploads under way. Wait as long as `Retry-After` says.',
    retryAfter: 1,
  },
  'read-model-behind': {
    status: 503,
    title: 'The read model is behind',
    explanation:
      'It has not reached the `Min-Log-Position` in time, or the as-of build for `as_of` is still being made. Try again, wait longer (`Prefer: wait=<seconds>`), or take an older answer (`Prefer: handling=lenient`; not with `as_of`).',
    retryAfter: 1,
  },
  'event-store-unavailable': {
    status: 503,
    title: 'The event store is unavailable',
    explanation:
      'It can not be reached at the moment. A change may have taken effect all the same: send it again with its idempotency key. Or the log holds an event here that this version can not read: then `detail` names its stream and revision, nothing was changed, and it takes another version to go on.',
    retryAfter: 2,
  },
  'database-unavailable': {
    status: 503,
    title: 'The database is unavailable',
    explanation: 'It can not be reached at the moment. Try again.',
    retryAfter: 2,
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    explanation: 'There is more to do than can be done at the moment, or the process is about to end. Try again.',
    retryAfter: 1,
  },
  'internal-error': {
    status: 500,
    title: 'Internal error',
    explanation: 'This is a defect. The log says more under the `request_id`.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

export function problemKind(code: ProblemCode): ProblemKind {
  return PROBLEMS[code];
}

/** The status that a route of this kind answers a code with. */
export function statusOf(code: ProblemCode, kind: RouteKind | undefined): number {
  const { status, onQuery }: ProblemKind = PROBLEMS[code];
  return kind === 'query' ? (onQuery ?? status) : status;
}

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEMS, text);
}
