import type { Fault } from '../../engine/index.js';
import { Problem, problemDocument } from '../problem.js';
import { type ProblemCode, problemKind } from '../problem-codes.js';

interface Told {
  readonly detail?: string;
  readonly errors?: readonly Fault[];
}

const NO_HEADER = 'The request has no Authorization header. Send Authorization: Bearer, then an API key or a token.';
const INVALID: readonly Fault[] = [
  { path: 'user_id', message: 'is not a UUID' },
  { path: 'items', message: 'must have at least 1 entry' },
];

/** What a problem says of its occasion. A code that is not here says what its explanation says. */
const TOLD: Partial<Record<ProblemCode, Told>> = {
  'invalid-request': { errors: INVALID },
  'invalid-cursor': { detail: 'The cursor can not be read, or it is of another list.' },
  'invalid-log-position': { detail: 'The log position can not be read, or it is of another log.' },
  'malformed-json': { detail: 'The body is not JSON: in line 3, column 1, the } must not stand behind a comma.' },
  unauthenticated: { detail: NO_HEADER },
  forbidden: { detail: 'This takes the role admin, and the caller is a clerk.' },
  'user-not-found': { detail: 'There is no such user.' },
  'order-not-found': { detail: 'There is no such order.' },
  'category-not-found': { detail: 'There is no category 999.' },
  'product-not-found': { detail: 'There is no such product.' },
  'id-proof-not-found': { detail: 'The user has no proof of identity.' },
  'not-acceptable': { detail: 'This route answers with application/json.' },
  'payload-too-large': { detail: 'The body, or a file in it, is larger than allowed.' },
  'order-paid': { detail: 'The order is paid and can not be cancelled.' },
  'order-cancelled': { detail: 'The order is cancelled and can not be paid.' },
  'category-exists': { detail: 'Category 1 exists already.' },
  'category-code-taken': { detail: 'Category 1 has this code.' },
  'product-exists': { detail: 'Product 1 exists already.' },
  'category-cycle': { detail: 'The new parent is the category itself or stands below it.' },
  'category-not-empty': { detail: 'Categories stand below it.' },
  'stock-not-tracked': { detail: 'The stock of this product is not tracked: count it first.' },
  'revision-mismatch': { detail: 'The revision is 0.' },
  'idempotency-mismatch': { detail: 'The idempotency key was used for another request.' },
  'unknown-user': {
    detail: 'There is no such user.',
    errors: [{ path: 'user_id', message: 'unknown user' }],
  },
  'unknown-product': {
    detail: 'The order names products that are unknown.',
    errors: [{ path: 'items[0].product_id', message: 'unknown product' }],
  },
  'product-retired': {
    detail: 'The order names products that are retired.',
    errors: [{ path: 'items[0].product_id', message: 'retired product' }],
  },
  'unknown-category': {
    detail: 'There are no such categories.',
    errors: [{ path: 'cat_ids[0]', message: 'unknown category' }],
  },
  'currency-mismatch': { detail: 'One order is in one currency; these are USD, EUR.' },
  'total-too-large': { detail: 'The total would be 18014398509481982; the largest possible is 2^53 - 1.' },
  'id-proof-not-pdf': { detail: 'The id proof is not a PDF: a PDF starts with %PDF-.' },
  'id-proof-damaged': { detail: 'The id proof can not be opened as a PDF.' },
  'job-not-found': { detail: 'There is no such job. Jobs are kept for 30 days.' },
  'out-of-stock': {
    detail: 'There is too little in stock: see errors.',
    errors: [
      {
        path: 'items[0].quantity',
        message: 'the order wants 7 of product 6, and 5 are available',
        values: { wanted: 7, available: 5 },
      },
    ],
  },
  'email-taken': { detail: 'The e-mail address belongs to another user, or is being registered right now.' },
  'sku-taken': { detail: 'The SKU belongs to another product, or is being given to one right now.' },
  'user-erased': { detail: 'The user has been erased.' },
  'external-reference-taken': {
    detail: 'The user has an order with this external_reference.',
    errors: [{ path: 'external_reference', message: 'is taken: choose another one, or leave it out' }],
  },
};

/** The document that a code is answered with, for the OpenAPI document. A test compares each with an answer. */
export function problemExample(code: ProblemCode, kind: 'command' | 'query' = 'command'): object {
  const { detail, errors } = TOLD[code] ?? {};
  const problem = new Problem(code, detail, errors);
  return {
    summary: problemKind(code).title,
    value: problemDocument(problem, '018f2f7a-2b7c-7e11-9d56-0a4d7c1f9e01', kind),
  };
}
