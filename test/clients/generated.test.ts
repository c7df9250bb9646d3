import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type ClientDocument, generateClient } from '../../scripts/generate-client.js';
import { runningApp } from '../support/running-app.js';

const path = join(import.meta.dirname, '../../../clients/typescript/src/generated.ts');

t.test('the generated part of the client is that of the document: otherwise run `npm run client:types`', async (t) => {
  const { http } = await runningApp(t, { projectors: false });
  const document = (await http.ok('GET', '/openapi.json')).body as ClientDocument;
  const generated = await generateClient(document);
  t.equal(readFileSync(path, 'utf8'), generated);
  for (const [route, methods] of Object.entries(document.paths)) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      t.match(generated, `  ${operationId}: { method: '${method.toUpperCase()}', path: '${route}',`);
    }
  }
});

t.test('an operation that the client could not send is refused', async (t) => {
  const document: ClientDocument = {
    paths: {
      '/a': {
        post: {
          operationId: 'sendBoth',
          parameters: [{ name: 'b', in: 'query' }],
          requestBody: { content: { 'application/json': {} } },
          responses: { 200: {} },
        },
      },
    },
    components: { schemas: {} },
  };
  await t.rejects(generateClient(document), { message: /^sendBoth has a body and a query/ });
});
