/** Makes the OpenAPI document from what the routes say of themselves. */
import { STATUS_CODES } from 'node:http';
import type { FastifyContextConfig } from 'fastify';
import { z } from 'zod';
import type { JsonSchema } from '../json-schema.js';
import { statusOf } from '../problem-codes.js';
import { changes } from '../route-kind.js';
import { noBody, problem } from '../schemas.js';
import { Components } from './components.js';
import type { Examples, OperationExample } from './example.js';
import { requestHeaders, type RequestHeader, type ResponseHeader, responseHeaders } from './headers.js';
import { pascal } from './names.js';
import { declaredCodes, problemResponse } from './problems.js';
import { tagOrder, TAGS } from './tags.js';

/** Name of the security scheme. */
export const BEARER = 'bearer';

/** What a route says of itself. */
export interface NotedRoute {
  readonly method: string;
  /** With `{name}` for a parameter. */
  readonly path: string;
  readonly schema: {
    readonly operationId?: string;
    readonly summary?: string;
    readonly description?: string;
    readonly tags?: readonly string[];
    readonly params?: unknown;
    readonly querystring?: unknown;
    readonly body?: unknown;
    readonly response?: Readonly<Record<string, unknown>>;
  };
  readonly config: FastifyContextConfig;
}

export interface DocumentParts {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: Components;
}

export function documentParts(routes: readonly NotedRoute[], examples: Examples): DocumentParts {
  const components = new Components();
  components.schema(problem, 'output');
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes.toSorted((a, b) => tagOrder(a.schema.tags?.[0]) - tagOrder(b.schema.tags?.[0]))) {
    (paths[route.path] ??= {})[route.method] = operationOf(
      route,
      components,
      examples[route.schema.operationId ?? ''] ?? {},
    );
  }
  const used = new Set(routes.flatMap(({ schema }) => schema.tags ?? []));
  const tags = Object.entries(TAGS).map(([name, description]) => ({ name, description }));
  return { tags: tags.filter(({ name }) => used.has(name)), paths, components };
}

function operationOf(route: NotedRoute, components: Components, example: OperationExample): object {
  const { schema, config } = route;
  const { operationId, summary, tags } = schema;
  const parameters = [
    ...inlineParameters(components, 'path', schema.params, example.params),
    ...inlineParameters(components, 'query', schema.querystring, example.params),
    ...requestHeaders(components, headersOf(route)),
  ];
  return {
    ...(operationId !== undefined && { operationId }),
    ...(summary !== undefined && { summary }),
    ...(tags && { tags }),
    ...accessOf(schema.description, config),
    ...(parameters.length > 0 && { parameters }),
    ...requestBody(route, components, example.body),
    responses: { ...answers(route, components, example.answer), ...problems(route, components) },
  };
}

function inlineParameters(
  components: Components,
  place: 'path' | 'query',
  source: unknown,
  examples: OperationExample['params'] = {},
): object[] {
  if (source === undefined) return [];
  const { properties = {}, required = [] } = components.schema(source, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema,
    ...(name in examples && { example: examples[name] }),
  }));
}

function headersOf({ schema: { response = {} }, config: { kind } }: NotedRoute): RequestHeader[] {
  if (!kind) return [];
  if (kind === 'operation') return ['Idempotency-Key'];
  const names: RequestHeader[] = ['Min-Log-Position', 'Prefer'];
  if (kind === 'command') names.unshift('Idempotency-Key', 'If-Match');
  if ('304' in response) names.unshift('If-None-Match');
  return names;
}

/** Who may call it, for programs and for people. */
function accessOf(text: string | undefined, { access }: FastifyContextConfig): object {
  const roles = access?.roles;
  const names = roles?.map((role) => `\`${role}\`${role === 'customer' && access?.own ? ' (its own only)' : ''}`);
  const callers = names ? `Roles: ${names.join(', ')}.` : 'Needs no key.';
  return {
    description: text === undefined ? callers : `${text}\n\n${callers}`,
    security: roles ? [{ [BEARER]: [] }] : [],
    ...(roles && { 'x-roles': roles }),
  };
}

function requestBody({ method, schema, config }: NotedRoute, components: Components, example?: object): object {
  const name = schema.operationId === undefined ? null : `${pascal(schema.operationId)}Request`;
  const shown = (source: unknown): JsonSchema => {
    const made = components.schema(source, 'input');
    return name === null ? made : components.named(name, made);
  };
  const sent = example && { example };
  if (config.form) {
    return {
      requestBody: { required: true, content: { 'multipart/form-data': { schema: shown(config.form), ...sent } } },
    };
  }
  let body = schema.body;
  if (!(body instanceof z.ZodType) || body === noBody) return {};
  const required = !body.safeParse(null).success;
  while (body instanceof z.ZodOptional || body instanceof z.ZodNullable) body = body.unwrap();
  const json = { schema: shown(body), ...sent };
  const content = { 'application/json': json, ...(method === 'patch' && { 'application/merge-patch+json': json }) };
  return { requestBody: { required, content } };
}

/** The answers that are none of the problems. */
function answers(route: NotedRoute, components: Components, example: unknown): Record<string, object> {
  const { response, operationId = '' } = route.schema;
  const [produced = '', ...others] = route.config.produces ?? ['application/json'];
  const shown = response ?? { 200: null };
  return Object.fromEntries(
    Object.entries(shown).map(([status, source]) => {
      const schema = source === null ? plainAnswer(produced) : components.schema(source, 'output');
      const isEmpty = schema['type'] === 'null';
      const shownAs = example !== undefined && status.startsWith('2') && { example };
      const content: Record<string, object> = {
        [produced]: { schema: enveloped(components, operationId, schema), ...shownAs },
      };
      for (const mediaType of others) content[mediaType] = { schema: plainAnswer(mediaType) };
      const described = {
        description: STATUS_CODES[status] ?? status,
        headers: responseHeaders(components, answerHeaders(route, status)),
        ...(!isEmpty && { content }),
      };
      return [status, described];
    }),
  );
}

function plainAnswer(mediaType: string): JsonSchema {
  if (mediaType === 'application/json') return { type: 'object' };
  return { type: 'string', ...(mediaType === 'application/pdf' && { format: 'binary' }) };
}

/** Names what stands around `data` after what stands in it, and otherwise after the operation. */
function enveloped(components: Components, operationId: string, schema: JsonSchema): JsonSchema {
  const { properties } = schema as { properties?: Record<string, JsonSchema | undefined> };
  if (operationId === '' || !properties?.['data']) return schema;
  const { data, next } = properties;
  const one = nameOf(data);
  const item = next && nameOf(data['items'] as JsonSchema | undefined);
  if (one !== undefined) return components.named(`${one}Answer`, schema);
  return components.named(item === undefined ? `${pascal(operationId)}Answer` : `${item}List`, schema);
}

function nameOf(schema: JsonSchema | undefined): string | undefined {
  return (schema?.['$ref'] as string | undefined)?.replace('#/components/schemas/', '');
}

function answerHeaders({ schema, config }: NotedRoute, status: string): ResponseHeader[] {
  const { querystring, response = {} } = schema;
  const names: ResponseHeader[] = ['X-Request-Id'];
  if (config.kind === 'command' || config.kind === 'query') names.push('Log-Position');
  if (config.kind === 'query') names.push('Degraded');
  if (config.tagged || '304' in response) names.push('ETag');
  if (changes(config.kind)) names.push('Idempotency-Replayed');
  if (status === '201' || status === '202') names.push('Location');
  if (querystring instanceof z.ZodObject && 'cursor' in querystring.shape) names.push('Link');
  return names;
}

/** Every status that the route can end with otherwise. */
function problems({ schema, config }: NotedRoute, components: Components): Record<string, object> {
  const codes = declaredCodes(config, schema.querystring);
  const statuses = [...new Set(codes.map((code) => statusOf(code, config.kind)))].filter(
    (status) => !(status in (schema.response ?? {})),
  );
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = codes.filter((code) => statusOf(code, config.kind) === status);
      return [status, problemResponse(components, schema.operationId ?? '', status, ofStatus)];
    }),
  );
}
