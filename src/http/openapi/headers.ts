/** Headers of requests and responses, described once. */
import type { Components } from './components.js';

const TEXT = { type: 'string' };
const SECONDS = { type: 'integer', format: 'int32', minimum: 0, maximum: 86_400 };
const COUNT = { type: 'integer', format: 'int32', minimum: 0, maximum: 2 ** 31 - 1 };

interface Header {
  readonly description: string;
  readonly schema: object;
  readonly example: string | number;
}

const RESPONSE = {
  RateLimit: {
    description: 'How many requests are left (`r`), and for how many seconds (`t`). Not sent without access control.',
    schema: TEXT,
    example: '"default";r=0;t=12',
  },
  'RateLimit-Policy': {
    description: 'How many requests (`q`) a caller may send in a window of so many seconds (`w`).',
    schema: TEXT,
    example: '"default";q=1200;w=60',
  },
  'WWW-Authenticate': {
    description: 'How to authenticate, and what is wrong with the credentials.',
    schema: TEXT,
    example: 'Bearer realm="orderlog"',
  },
  'X-Request-Id': {
    description: 'The name of the request in the log. A request may bring its own.',
    schema: TEXT,
    example: '018f2f7a-2b7c-7e11-9d56-0a4d7c1f9e01',
  },
  'Log-Position': {
    description:
      'The position in the log that the answer is true for; for a command, the position of its last event. Opaque.',
    schema: TEXT,
    example: 'eyJ2IjoxfQ',
  },
  Degraded: {
    description:
      'How many things that the answer may show are quarantined: the read model shows them as they were before an event that it ' +
      'could not apply.',
    schema: COUNT,
    example: 1,
  },
  ETag: {
    description: 'The revision of the resource in quotes. For the category tree, a digest of the answer.',
    schema: TEXT,
    example: '"3"',
  },
  'Idempotency-Replayed': {
    description: '`true` if this is the response to an earlier request with the same key.',
    schema: TEXT,
    example: 'true',
  },
  Location: { description: 'The path of the new resource.', schema: TEXT, example: '/v1/products/7' },
  Link: {
    description: 'The next page, with `rel="next"`, if there is one.',
    schema: TEXT,
    example: '</v1/products?limit=2&cursor=Y3Vyc29y>; rel="next"',
  },
  'Retry-After': { description: 'Seconds after which another try may succeed.', schema: SECONDS, example: 1 },
} as const satisfies Record<string, Header>;

const REQUEST = {
  'If-None-Match': { description: 'The answer is 304 if the tag is still the same.', schema: TEXT },
  'Idempotency-Key': {
    description:
      '1 to 255 visible ASCII characters, bare or as a quoted string. The same request with the same key takes effect once and ' +
      'gets the first response again. Another request with the key is 422 `idempotency-mismatch`. While the first request still ' +
      'runs, the answer is 409 `idempotency-in-flight`.',
    schema: { type: 'string', minLength: 1, maxLength: 1_024 },
  },
  'If-Match': { description: 'The command runs only if the resource is at this revision.', schema: TEXT },
  'Min-Log-Position': {
    description:
      'The `Log-Position` of an earlier answer. This answer waits until it has reached that position. With `as_of`, the answer is ' +
      'of that position all the same.',
    schema: TEXT,
  },
  Prefer: {
    description:
      '`wait=<seconds>`: how long to wait for the position, or for the as-of build of `as_of` (default 2, at most 30). ' +
      '`handling=lenient`: after that, answer with an older state.',
    schema: TEXT,
  },
} as const;

export type ResponseHeader = keyof typeof RESPONSE;
export type RequestHeader = keyof typeof REQUEST;

/** References to headers of a response. */
export function responseHeaders(components: Components, names: readonly ResponseHeader[]): Record<string, object> {
  return Object.fromEntries(
    names.map((name) => {
      components.headers[name] = RESPONSE[name];
      return [name, { $ref: `#/components/headers/${name}` }];
    }),
  );
}

/** References to headers that a request may have. */
export function requestHeaders(components: Components, names: readonly RequestHeader[]): object[] {
  return names.map((name) => {
    components.parameters[name] = { name, in: 'header', required: false, ...REQUEST[name] };
    return { $ref: `#/components/parameters/${name}` };
  });
}
