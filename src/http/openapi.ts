import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from './app-type.js';
import { BEARER, bodyNote, completeDocument, type OpenApiDocument, type RouteNote } from './openapi-complete.js';
import { documentSchema } from './json-schema.js';

const DESCRIPTION = `Every answer of a resource stands under \`data\`. Times are RFC 3339 in UTC; money is an integer in the
currency's minor unit. Whatever goes wrong is answered with \`application/problem+json\` and a stable code.`;

const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CREDENTIALS = {
  type: 'http',
  scheme: 'bearer',
  description:
    'An API key (`orderlog keys create`), or a JWT of the configured issuer with the claims `role` and `sub`. ' +
    'Not asked for where the server runs with `AUTH=none`.',
} as const;

/** The page's routes are its plugin's own, which does not show them. */
const PAGE = {
  summary: 'This document as a page',
  tags: ['operations'],
  security: [],
  responses: { 200: { description: 'OK', content: { 'text/html': { schema: { type: 'string' } } } } },
};

/** The OpenAPI document of all routes that are added after this, at /openapi.json, and its page, at /docs. */
export async function addOpenApi(app: App, { version }: { version: string }): Promise<void> {
  const notes = new Map<string, RouteNote>();
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Orderlog', version, description: DESCRIPTION },
      components: { securitySchemes: { [BEARER]: CREDENTIALS } },
    },
    transform: ({ schema, url, route }) => {
      const { body, querystring, params, response, ...rest } = (schema ?? {}) as Readonly<Record<string, unknown>>;
      const note: RouteNote = { config: route.config ?? {}, body: bodyNote(body, route.config?.form) };
      const path = url.replace(/:(\w+)/g, '{$1}');
      for (const method of [route.method].flat()) notes.set(`${method.toLowerCase()} ${path}`, note);
      const answers = Object.entries(response ?? {}).map(
        ([status, one]) => [status, documentSchema(one, 'output')] as const,
      );
      const shown = {
        ...rest,
        ...(params !== undefined && { params: documentSchema(params, 'input') }),
        ...(querystring !== undefined && { querystring: documentSchema(querystring, 'input') }),
        ...(note.body && { body: { content: { [note.body.mediaType]: { schema: note.body.schema } } } }),
        ...(answers.length > 0 && { response: Object.fromEntries(answers) }),
      };
      return { schema: shown, url };
    },
    transformObject: (made) => {
      if (!('openapiObject' in made)) return made.swaggerObject;
      const document = made.openapiObject as unknown as OpenApiDocument;
      document.paths['/docs'] = { get: structuredClone(PAGE) };
      notes.set('get /docs', { config: { produces: ['text/html'] }, body: null });
      return completeDocument(document, notes);
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: DOCS_POLICY });
  const config = { produces: ['application/json'] };
  const schema = { summary: 'This document', tags: ['operations'] };
  app.get('/openapi.json', { config, schema }, async (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
  );
}
