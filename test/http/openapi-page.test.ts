import t from 'tap';
import { SAMPLE } from '../../src/http/openapi/example.js';
import { withIdsThatAreThere } from '../../src/http/openapi/page.js';
import { sampleApp } from './sample-app.js';

const headers = { host: 'localhost' };

t.test('the page has our own title, icon and logo, and names no other host', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const get = async (url: string): Promise<string> => (await app.inject({ url, headers })).body;
  const page = await get('/docs');
  t.match(page, '<title>Orderlog API</title>');
  t.match(page, 'theme/logo.svg');
  t.match(await get('/docs/static/theme/logo.svg'), 'aria-label="Orderlog"');
  const script = await get('/docs/static/swagger-initializer.js');
  for (const text of [page, script]) t.notMatch(text, /smartbear|swagger\.io/i);
  t.match(script, Buffer.from('<svg').toString('base64').slice(0, 5), 'the logo is in the page');
  const policy = String((await app.inject({ url: '/docs', headers })).headers['content-security-policy']);
  t.match(policy, /^default-src 'none'; script-src 'self';/);
  t.notMatch(policy, /https?:|\*|unsafe-eval/);
});

t.test('the samples of the page get the ids of a user and an order that are there', async (t) => {
  const { user_id, order_id, paid_order_id } = SAMPLE;
  const text = JSON.stringify([user_id, order_id, paid_order_id]);
  const asked: string[] = [];
  const listed = (body: object | null): void => {
    t.intercept(globalThis, 'fetch', {
      value: (path: string) => {
        asked.push(path);
        return Promise.resolve(body ? Response.json(body) : new Response(null, { status: 401 }));
      },
    });
  };
  listed({ data: [{ user_id: 'u', order_id: 'o' }] });
  t.match(await withIdsThatAreThere({ url: 'http://localhost/docs/json', text }), { text: '["u","o","o"]' });
  listed({ data: [] });
  t.match(await withIdsThatAreThere({ url: '/docs/json', text }), { text }, 'nobody is there yet');
  listed(null);
  t.match(await withIdsThatAreThere({ url: '/docs/json', text }), { text }, 'the reader may not list them');
  asked.length = 0;
  t.match(await withIdsThatAreThere({ url: '/v1/users', text }), { text }, 'any other answer stays as it is');
  t.same(asked, []);
});
