import { z } from 'zod';
import type { App } from './app-type.js';
import { noQuery } from './schemas.js';

export type JsonSchema = Record<string, unknown>;

/** What the serializer's schemas were made of, for the OpenAPI document. */
const sources = new WeakMap<object, z.ZodType>();

/**
 * Answers are written by Fastify's serializer, which is compiled from JSON schema once: so the zod schemas of all answers
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

const NAMELESS = z.registry<object>();

function serializerSchema(answer: z.ZodType): JsonSchema {
  const schema = z.toJSONSchema(answer, {
    target: 'draft-7',
    unrepresentable: 'any',
    // A schema with a name would become a reference: here each stands where it is used.
    metadata: NAMELESS,
    override: ({ jsonSchema }) => {
      foldNull(jsonSchema);
      // The serializer would look at these for nothing, or change the text.
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

/**
 * A schema as the OpenAPI document shows it, the named schemas in it under `$defs`.
 * @param direction what is sent here, or what is answered
 */
export function documentSchema(schema: unknown, direction: 'input' | 'output'): JsonSchema {
  const zod = schema instanceof z.ZodType ? schema : sources.get(schema as object);
  if (!zod) return schema as JsonSchema;
  const { $schema: _dialect, ...rest } = z.toJSONSchema(zod, {
    io: direction,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      forGenerators(jsonSchema);
      // Left out by zod where text is read as a number, although the default is a number, too.
      const { def } = zodSchema._zod as { def: z.core.$ZodDefaultDef };
      if (def.type === 'default') jsonSchema.default = def.defaultValue;
    },
  });
  return rest;
}

/** Says in the words that generators of code know what zod says otherwise. */
function forGenerators(schema: JsonSchema): void {
  const { propertyNames } = schema as { propertyNames?: JsonSchema };
  if (propertyNames?.['type'] === 'string' && Object.keys(propertyNames).length === 1) delete schema['propertyNames'];
  if ('const' in schema) {
    schema['enum'] = [schema['const']];
    delete schema['const'];
  }
  orNull(schema);
  if (schema['format'] === 'date-time' || schema['format'] === 'uuid') delete schema['pattern'];
  if (schema['type'] === 'number') schema['format'] ??= 'double';
  if ([schema['type']].flat().includes('integer')) schema['format'] ??= fitsInt32(schema) ? 'int32' : 'int64';
}

const INT32 = 2 ** 31;

function fitsInt32({ minimum, maximum }: JsonSchema): boolean {
  return typeof minimum === 'number' && typeof maximum === 'number' && minimum >= -INT32 && maximum < INT32;
}

/** `X or null` in one schema if X is one, otherwise as a choice of one of both. */
function orNull(schema: JsonSchema): void {
  const options = schema['anyOf'] as JsonSchema[] | undefined;
  const [only, ...others] = options?.filter(({ type }) => type !== 'null') ?? [];
  if (options?.length !== 2 || !only || others.length > 0) return;
  delete schema['anyOf'];
  if (typeof only['type'] !== 'string') {
    schema['oneOf'] = options;
    return;
  }
  const { type, enum: values } = only as { type: string; enum?: unknown[] };
  Object.assign(schema, only, { type: [type, 'null'] }, values && { enum: [...values, null] });
}
