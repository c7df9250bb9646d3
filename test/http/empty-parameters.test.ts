/** A parameter that is there and says nothing, as a form sends it. */
import t from 'tap';
import { runningApp } from '../support/running-app.js';

interface Parameter {
  readonly in: string;
  readonly name: string;
}

interface Document {
  readonly paths: Readonly<Record<string, { readonly get?: { readonly parameters?: readonly Parameter[] } }>>;
}

const NOBODY = '00000000-0000-7000-8000-000000000000';

void t.test('an empty parameter of a query is one fault, on every route that takes it', async (t) => {
  const { http } = await runningApp(t);
  const { paths } = (await http.get('/openapi.json')).body as Document;
  let asked = 0;
  for (const [path, { get }] of Object.entries(paths)) {
    for (const { in: part, name } of get?.parameters ?? []) {
      // A cursor has a problem code of its own, without parts.
      if (part !== 'query' || name === 'cursor') continue;
      const address = path.replace(/\{(?:user|order|job)_id\}/, NOBODY).replace(/\{\w+\}/, '1');
      const { status, body } = await http.get(`${address}?${name}=`, { accept: 'application/json' });
      asked += 1;
      const faults = (body as { readonly errors?: readonly { readonly path: string }[] }).errors ?? [];
      if (status === 400)
        t.same(
          faults.map((fault) => fault.path),
          [`query.${name}`],
          `${path} ${name}`,
        );
      else t.ok(status === 200 || status === 404, `${path} ${name}: ${status}`);
    }
  }
  t.ok(asked > 40, `${asked} were asked`);
});
