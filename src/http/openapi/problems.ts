/** Which problems a route can answer with, and how the document describes them. */
import { STATUS_CODES } from 'node:http';
import type { FastifyContextConfig } from 'fastify';
import { z } from 'zod';
import { PROBLEM_CODES, type ProblemCode, problemKind } from '../problem-codes.js';
import { changes } from '../route-kind.js';
import type { Components } from './components.js';
import { type ResponseHeader, responseHeaders } from './headers.js';
import { pascal } from './names.js';
import { problemExample } from './problem-examples.js';

/** Every code that a route may answer with: those of its shape, and those that it names. */
export function declaredCodes(config: FastifyContextConfig, querystring: unknown): readonly ProblemCode[] {
  const { access, kind, problems = [] } = config;
  const codes = new Set<ProblemCode>([
    ...(['invalid-request', 'forbidden', 'not-acceptable', 'headers-too-large', 'overloaded'] as const),
    ...problems,
  ]);
  const add = (...more: readonly ProblemCode[]): void => more.forEach((code) => codes.add(code));
  if (access?.roles) add('unauthenticated', 'rate-limited');
  if (querystring instanceof z.ZodObject && 'cursor' in querystring.shape) add('invalid-cursor');
  if (kind) add('database-unavailable', 'event-store-unavailable');
  if (kind === 'command' || kind === 'query') add('invalid-log-position', 'read-model-behind');
  if (changes(kind)) {
    // Also where no body is needed: one may be sent.
    add('malformed-json', 'payload-too-large', 'unsupported-media-type');
    add('idempotency-in-flight', 'idempotency-mismatch');
  }
  if (kind === 'command') add('revision-conflict', 'revision-mismatch');
  return PROBLEM_CODES.filter((code) => codes.has(code));
}

/** Sets of codes that many operations share. A set of one code has its name. */
const SHARED: Readonly<Record<string, string>> = {
  'invalid-request invalid-log-position': 'BadQuery',
  'invalid-request invalid-cursor invalid-log-position': 'BadListQuery',
  'invalid-request invalid-log-position malformed-json': 'BadCommand',
  'revision-conflict idempotency-in-flight': 'CommandConflict',
  'read-model-behind event-store-unavailable database-unavailable overloaded': 'Unavailable',
};

/** The response with a status and some of its codes, as a component. */
export function problemResponse(
  components: Components,
  operationId: string,
  status: number,
  codes: readonly ProblemCode[],
): object {
  const [only, ...others] = codes;
  const isUsual = only !== undefined && problemKind(only).status === status;
  const alone = only && others.length === 0 ? `${pascal(only)}${isUsual ? '' : status}` : undefined;
  const name =
    alone ?? SHARED[codes.join(' ')] ?? `${pascal(operationId)}${pascal(STATUS_CODES[status] ?? String(status))}`;
  components.responses[name] ??= {
    description: codes.map((code) => `\`${code}\`: ${problemKind(code).title}.`).join('\n\n'),
    headers: responseHeaders(components, headersOf(status, codes)),
    content: problemContent(components, name, status, codes),
  };
  return { $ref: `#/components/responses/${name}` };
}

/** @param name of the set of codes */
function problemContent(
  components: Components,
  name: string,
  status: number,
  codes: readonly ProblemCode[],
): Record<string, object> {
  const narrowed = { type: 'object', required: ['code'], properties: { code: { type: 'string', enum: codes } } };
  const allOf = [{ $ref: '#/components/schemas/Problem' }, narrowed];
  const schema = components.named(`${name}Problem`, { allOf });
  const examples = codes.map((code) => {
    const kind = status === problemKind(code).status ? 'command' : 'query';
    const example = kind === 'command' ? code : `${code}-${status}`;
    components.examples[example] ??= problemExample(code, kind);
    return [code, { $ref: `#/components/examples/${example}` }] as const;
  });
  return { 'application/problem+json': { schema, examples: Object.fromEntries(examples) } };
}

function headersOf(status: number, codes: readonly ProblemCode[]): ResponseHeader[] {
  const names: ResponseHeader[] = ['X-Request-Id'];
  if (codes.some((code) => problemKind(code).retryAfter !== undefined)) names.push('Retry-After');
  if (status === 401) names.push('WWW-Authenticate');
  if (status === 429) names.push('RateLimit', 'RateLimit-Policy');
  return names;
}
