import { STATUS_CODES } from 'node:http';
import type { FastifyContextConfig } from 'fastify';
import { z } from 'zod';
import { hoistDefinitions } from './hoist-definitions.js';
import { documentSchema, type JsonSchema } from './json-schema.js';
import { type ProblemCode, problemKind, statusOf } from './problem-codes.js';
import { noBody, problem } from './schemas.js';

/** What is known of a route beyond its own schemas. */
export interface RouteNote {
  readonly config: FastifyContextConfig;
  readonly body: { readonly mediaType: string; readonly schema: JsonSchema; readonly required: boolean } | null;
}

interface Answer {
  description: string;
  headers?: Record<string, object>;
  content?: Record<string, object>;
}

interface Operation {
  description?: string;
  security?: object[];
  'x-roles'?: readonly string[];
  parameters?: object[];
  requestBody?: { required: boolean; content: Record<string, object> };
  responses: Record<string, Answer>;
}

export interface OpenApiDocument {
  readonly paths: Record<string, Readonly<Record<string, Operation>>>;
  readonly components: { readonly schemas: Record<string, object> };
}

export function bodyNote(body: unknown, form: z.ZodType | undefined): RouteNote['body'] {
  if (form) return { mediaType: 'multipart/form-data', schema: documentSchema(form, 'input'), required: true };
  if (!(body instanceof z.ZodType) || body === noBody) return null;
  let shown: z.ZodType = body;
  while (shown instanceof z.ZodOptional || shown instanceof z.ZodNullable) shown = shown.unwrap() as z.ZodType;
  const required = !body.safeParse(null).success;
  return { mediaType: 'application/json', schema: documentSchema(shown, 'input'), required };
}

/** Adds what all routes of a kind have in common: headers, and every status that they can end with. */
export function completeDocument(document: OpenApiDocument, notes: ReadonlyMap<string, RouteNote>): OpenApiDocument {
  document.components.schemas['Problem'] = documentSchema(problem, 'output');
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      for (const part of [operation.requestBody, ...Object.values(operation.responses)]) {
        hoistDefinitions(part?.content, document.components.schemas);
      }
      const note = notes.get(`${method} ${path}`);
      if (note) completeOperation(operation, method, note);
    }
  }
  return document;
}

function completeOperation(operation: Operation, method: string, { config, body }: RouteNote): void {
  if (operation.requestBody && body) {
    operation.requestBody.required = body.required;
    const { content } = operation.requestBody;
    const json = content['application/json'];
    if (method === 'patch' && json) content['application/merge-patch+json'] = json;
  }
  const parameters = requestHeaders(config, operation.responses['304'] !== undefined);
  if (parameters.length > 0) operation.parameters = [...(operation.parameters ?? []), ...parameters];
  nameAccess(operation, config);
  nameAnswers(operation, config);
  const parameterNames = (operation.parameters ?? []).map((parameter) => (parameter as { name?: unknown }).name);
  const codes = [...problemCodes(config, parameterNames.includes('cursor'))];
  for (const status of new Set(codes.map((code) => statusOf(code, config.kind)))) {
    const ofStatus = codes.filter((code) => statusOf(code, config.kind) === status);
    operation.responses[status] ??= {
      description: ofStatus.map((code) => `\`${code}\``).join(', '),
      ...problemHeaders(status, ofStatus),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
}

function problemHeaders(status: number, codes: readonly ProblemCode[]): { readonly headers?: Record<string, object> } {
  const names = codes.some((code) => problemKind(code).retryAfter !== undefined) ? ['Retry-After'] : [];
  if (status === 401) names.push('WWW-Authenticate');
  if (status === 429) names.push('RateLimit', 'RateLimit-Policy');
  return names.length > 0 ? { headers: headers(names) } : {};
}

/** Who may call it, for programs and for people. */
function nameAccess(operation: Operation, { access }: FastifyContextConfig): void {
  if (!access?.roles) {
    operation.security = [];
    return;
  }
  operation.security = [{ [BEARER]: [] }];
  operation['x-roles'] = access.roles;
  const roles = access.roles.map((role) => `\`${role}\`${role === 'customer' && access.own ? ' (its own only)' : ''}`);
  operation.description = `Roles: ${roles.join(', ')}.`;
}

/** The answers that are none of the problems. */
function nameAnswers(operation: Operation, config: FastifyContextConfig): void {
  for (const [status, answer] of Object.entries(operation.responses)) {
    answer.description = STATUS_CODES[status] ?? answer.description;
    const names = ['X-Request-Id'];
    if (config.kind) names.push('Log-Position');
    if (config.kind === 'query') names.push('Degraded');
    if (config.tagged || operation.responses['304']) names.push('ETag');
    if (config.kind === 'command') names.push('Idempotency-Replayed');
    if (status === '201') names.push('Location');
    if (operation.parameters?.some((parameter) => (parameter as { name?: unknown }).name === 'cursor'))
      names.push('Link');
    answer.headers = headers(names);
    const [produced] = config.produces ?? [];
    if (status === '200' && produced !== undefined && produced !== 'application/json') {
      answer.content = {
        [produced]: { schema: { type: 'string', ...(produced === 'application/pdf' && { format: 'binary' }) } },
      };
    }
    if (status === '200' && produced === 'application/json') {
      answer.content ??= { 'application/json': { schema: { type: 'object' } } };
    }
  }
}

/** Name of the security scheme. */
export const BEARER = 'bearer';

const HEADERS: Readonly<Record<string, string>> = {
  RateLimit: 'How many requests are left (`r`), and for how many seconds (`t`). Not sent without access control.',
  'RateLimit-Policy': 'How many requests (`q`) a caller may send in a window of so many seconds (`w`).',
  'WWW-Authenticate': 'How to authenticate, and what is wrong with the credentials.',
  'X-Request-Id': 'Names the request in the log; taken over from the request if it sends one.',
  'Log-Position': 'The place in the log that the answer is true for, or of the command’s last event. Opaque.',
  Degraded:
    'How many things that the answer may show wait in the read model at an event that could not be applied: it shows them as before.',
  ETag: 'The revision of the resource in quotes; of the tree a digest.',
  'Idempotency-Replayed': '`true` when this is the response to an earlier request under the same key.',
  Location: 'Path of the new resource.',
  Link: 'The next page, rel="next", if there is one.',
  'Retry-After': 'Seconds after which another try may succeed.',
  'Idempotency-Key':
    '1 to 255 visible ASCII characters, bare or as a quoted string. The same request under the same key takes effect once and gets the first response again; another request is 422 `idempotency-mismatch`, and 409 `idempotency-in-flight` says that the first one still runs.',
  'If-Match': 'The command runs only if the resource is at this revision.',
  'If-None-Match': 'The answer is 304 if the tag is still the same.',
  'Min-Log-Position':
    'The `Log-Position` of an earlier answer, which this one must have reached. With `as_of` the answer is of that place all the same.',
  Prefer:
    '`wait=<seconds>` to wait for the position, or for the snapshot of `as_of` (default 2, most 30), `handling=lenient` to take an older answer after that.',
};

function headers(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { description: HEADERS[name], schema: { type: 'string' } }]));
}

function requestHeaders({ kind }: FastifyContextConfig, knowsNotModified: boolean): object[] {
  if (!kind) return [];
  const names = ['Min-Log-Position', 'Prefer'];
  if (kind === 'command') names.unshift('Idempotency-Key', 'If-Match');
  if (knowsNotModified) names.unshift('If-None-Match');
  return names.map((name) => ({
    name,
    in: 'header',
    required: false,
    description: HEADERS[name],
    schema: { type: 'string' },
  }));
}

function problemCodes({ access, kind, problems = [] }: FastifyContextConfig, hasCursor: boolean): Set<ProblemCode> {
  const codes = new Set<ProblemCode>([
    'invalid-request',
    'forbidden',
    'not-acceptable',
    'headers-too-large',
    'overloaded',
  ]);
  const add = (...more: readonly ProblemCode[]): void => more.forEach((code) => codes.add(code));
  if (access?.roles) add('unauthenticated', 'rate-limited');
  if (hasCursor) add('invalid-cursor');
  if (kind) add('invalid-log-position', 'read-model-behind', 'database-unavailable', 'event-store-unavailable');
  if (kind === 'command') {
    // Also where no body is needed: one may be sent.
    add('malformed-json', 'payload-too-large', 'unsupported-media-type');
    add('revision-conflict', 'revision-mismatch', 'idempotency-in-flight', 'idempotency-mismatch');
  }
  add(...problems);
  return codes;
}
