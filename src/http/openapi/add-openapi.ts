import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from '../app-type.js';
import type { Examples } from './example.js';
import { BEARER, documentParts, type NotedRoute } from './document.js';
import { operationsExamples } from './operations-examples.js';
import { page } from './page.js';

const DESCRIPTION = `Every answer of a resource stands under \`data\`. Times are RFC 3339 in UTC. Money is an integer in the
currency's minor unit. Whatever goes wrong is answered with \`application/problem+json\` and a stable code.

The samples are of the demo data that \`npm start\` loads. Orders need a user: register one, or run \`npx orderlog demo\`, and load
this page again. Its samples then have the ids of a user and an order that are there.`;

const CREDENTIALS = {
  type: 'http',
  scheme: 'bearer',
  description:
    'An API key (`orderlog keys create`), or a JWT of the configured issuer with the claims `role` and `sub`. ' +
    'Not asked for where the server runs with `AUTH=none`.',
} as const;

declare module 'fastify' {
  interface FastifyInstance {
    /** By operationId; routes come with theirs. */
    examples: Record<string, Examples[string]>;
  }
}

/** The page's routes are its plugin's own, which does not show them. */
const PAGE: NotedRoute = {
  method: 'get',
  path: '/docs',
  schema: { operationId: 'getDocumentationPage', summary: 'This document as a page', tags: ['operations'] },
  config: { produces: ['text/html'] },
};

/** The OpenAPI document of all routes that are added after this, at /openapi.json, and its page, at /docs. */
export async function addOpenApi(app: App, { version }: { version: string }): Promise<void> {
  const noted: NotedRoute[] = [];
  app.decorate('examples', { ...operationsExamples });
  const info = {
    title: 'Orderlog',
    version,
    description: DESCRIPTION,
    contact: { name: 'The operator of this server' },
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  };
  await app.register(swagger, {
    openapi: { openapi: '3.1.0' },
    // The plugin only collects the routes: what it makes of them is not what the document shows.
    transform: ({ schema, url, route }) => {
      const path = url.replace(/:(\w+)/g, '{$1}');
      const config = route.config ?? {};
      if (schema?.hide !== true) {
        for (const method of [route.method].flat()) {
          noted.push({ method: method.toLowerCase(), path, schema: (schema ?? {}) as NotedRoute['schema'], config });
        }
      }
      return { schema: { ...schema, hide: true }, url };
    },
    transformObject: () => {
      // Each form of the document, JSON and YAML, notes the routes again.
      const { tags, paths, components } = documentParts([...noted.splice(0), PAGE], app.examples);
      const shared = { securitySchemes: { [BEARER]: CREDENTIALS }, ...components };
      const document = { openapi: '3.1.0', info, servers: [{ url: '/' }], tags, paths, components: shared };
      return document as object;
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', ...page });
  const config = { produces: ['application/json'] };
  const schema = { operationId: 'getOpenApiDocument', summary: 'This document', tags: ['operations'] };
  app.get('/openapi.json', { config, schema }, async (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
  );
}
