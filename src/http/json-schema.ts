import { z } from 'zod';
import type { App } from './app-type.js';
import { noQuery } from './schemas.js';

export type JsonSchema = Record<string, unknown>;

/** What the serialiser's schemas were made of, for the OpenAPI document. */
const sources = new WeakMap<object, z.ZodType>();

/**
 * Answers are written by Fastify's serialiser, which is compiled from JSON schema once: so the zod schemas of all answers
 * are turned into that as their routes are added. A route that names no query takes none, and answers with JSON if it
 * names nothing else.
 */
export function completeRoutes(app: App): void {
  app.addHook('onRoute', (route) => {
    const schema = route.schema ?? {};
    if (!schema.hide) {
      schema.querystring ??= noQuery;
      route.config = { produces: ['application/json'], ...route.config };
    }
    const answers = schema.response as Record<string, unknown> | undefined;
    if (answers) {
      schema.response = Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          answer instanceof z.ZodType ? serializerSchema(answer) : answer,
        ]),
      );
    }
    route.schema = schema;
  });
}

function serializerSchema(answer: z.ZodType): JsonSchema {
  const schema = z.toJSONSchema(answer, {
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      foldNull(jsonSchema);
      // The serialiser would look at these for nothing, or change the text.
      delete jsonSchema.format;
      delete jsonSchema.pattern;
    },
  }) as JsonSchema;
  delete schema['$schema'];
  sources.set(schema, answer);
  return schema;
}

/** `X or null` as a nullable X: a validator would decide a union again for every value. */
function foldNull(schema: JsonSchema): void {
  const options = schema['anyOf'] as JsonSchema[] | undefined;
  if (options?.length !== 2) return;
  const rest = options.filter(({ type }) => type !== 'null');
  const [only] = rest;
  if (rest.length !== 1 || typeof only?.['type'] !== 'string') return;
  delete schema['anyOf'];
  Object.assign(schema, only, { nullable: true });
}

/** A schema as the OpenAPI document shows it. @param direction what is sent here, or what is answered */
export function documentSchema(schema: unknown, direction: 'input' | 'output'): JsonSchema {
  const zod = schema instanceof z.ZodType ? schema : sources.get(schema as object);
  if (!zod) return schema as JsonSchema;
  const { $schema: _dialect, ...rest } = z.toJSONSchema(zod, {
    io: direction,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // What every number of JSON is says nothing.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return rest;
}
