/** What becomes of files that are long, of callers that are slow or gone, and of errors on the way. */
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { fastify } from 'fastify';
import t, { type Test } from 'tap';
import type { App } from '../../src/http/app-type.js';
import { compressLists } from '../../src/http/compression.js';
import { answerProblems } from '../../src/http/answer-problem.js';
import { listQuery } from '../../src/http/schemas.js';
import { RouteTable } from '../../src/http/route-table.js';
import { validatorCompiler } from '../../src/http/validation.js';
import { WholeLists } from '../../src/http/whole-list.js';
import { callerGone, sendAndLeave } from '../support/leaving.js';
import { until } from '../support/orderlog.js';
import { here, tokens } from './sample-app.js';

interface Stage {
  readonly app: App;
  readonly port: number;
  /** Answers that were begun to be sent. */
  readonly answered: () => number;
  readonly pages: () => number;
  readonly held: () => number;
  readonly lose: () => void;
}

const PAGE = 1_000;

/** A list of `pages` pages, of which one fails if it is named. With `x-leaves`, the first page comes too late for the caller. */
async function stage(t: Test, pages: number, failing = -1): Promise<Stage> {
  const app = fastify() as unknown as App;
  app.setValidatorCompiler(validatorCompiler);
  const routes = new RouteTable(app);
  await compressLists(app);
  answerProblems(app, routes);
  const whole = new WholeLists(tokens);
  let answered = 0;
  app.addHook('onSend', (_request, _reply, payload, done) => {
    answered += 1;
    done(null, payload);
  });
  let made = 0;
  let held = 0;
  let lose = (): void => undefined;
  const text = 'x'.repeat(1_000);
  app.get('/list', { schema: { querystring: listQuery } }, (asked, reply) =>
    whole.send<null, { readonly n: number; readonly text: string }, number>(asked, reply, {
      name: 'list',
      sheet: { columns: ['n', 'text'], cells: (item) => item },
      live: null,
      freshness: { min: null, waitMs: 0, lenient: false },
      freeze: () => {
        held += 1;
        const lost = new AbortController();
        lose = (): void => lost.abort();
        return Promise.resolve({ model: null, lost: lost.signal, release: () => Promise.resolve(void (held -= 1)) });
      },
      page: async (_model, { after, limit }) => {
        if (asked.headers['x-leaves'] !== undefined) await callerGone(asked);
        const page = after ?? 0;
        if (limit === PAGE) made += 1;
        if (page === failing) throw new Error('in the middle');
        const items = Array.from({ length: limit }, (_, i) => ({ n: page * PAGE + i, text }));
        return Promise.resolve({ items, position: here, degraded: 0, next: page + 1 < pages ? page + 1 : null });
      },
    }),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return { app, port, answered: () => answered, pages: () => made, held: () => held, lose: () => lose() };
}

function ask(port: number, encoding = 'identity'): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/csv', 'accept-encoding': encoding };
    request({ host: '127.0.0.1', port, path: '/list', headers, agent: false }, resolve).on('error', reject).end();
  });
}

/** Its end, or `aborted`. */
async function bytesOf(answer: IncomingMessage, isGzip = false): Promise<number | 'aborted'> {
  let bytes = 0;
  try {
    const body = isGzip ? answer.pipe(createGunzip()) : answer;
    answer.on('error', (error) => body.destroy(error));
    for await (const piece of body as AsyncIterable<Buffer>) bytes += piece.length;
    return bytes;
  } catch {
    return 'aborted';
  }
}

t.test('a file of 100,000 rows is made as fast as it is taken, a page at a time', async (t) => {
  const { port, pages, held } = await stage(t, 100);
  const answer = await ask(port);
  await sleep(300);
  t.ok(pages() < 20, `${pages()} pages before anything is taken`);
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }
  t.ok(bytes > 100_000_000);
  t.ok(most < 120_000_000, `${Math.round(most / 1e6)} MB more at most, garbage included`);
  await until(() => held() === 0);
});

t.test('an error in the middle of a file is no end of it, compressed or not', async (t) => {
  const { port, held } = await stage(t, 40, 20);
  t.equal(await bytesOf(await ask(port)), 'aborted');
  const gzip = await ask(port, 'gzip');
  t.equal(gzip.headers['content-encoding'], 'gzip');
  t.equal(await bytesOf(gzip, true), 'aborted');
  await until(() => held() === 0);
});

t.test('an error before the file begins is a problem', async (t) => {
  const { port, held } = await stage(t, 40, 0);
  const answer = await ask(port);
  t.equal(answer.statusCode, 500);
  t.match(answer.headers['content-type'], 'application/problem+json');
  answer.resume();
  await until(() => held() === 0);
});

t.test('a caller that goes away, and a snapshot that is lost, end the work', async (t) => {
  const { port, held, pages, lose } = await stage(t, 1_000);
  const gone = await ask(port);
  t.equal(held(), 1);
  gone.destroy();
  await until(() => held() === 0);
  t.ok(pages() < 100);
  const slow = await ask(port);
  lose();
  t.equal(await bytesOf(slow), 'aborted');
  await until(() => held() === 0);
});

for (const encoding of ['identity', 'gzip']) {
  t.test(`callers that leave before the first page keep nothing (${encoding})`, async (t) => {
    const { app, port, held, answered } = await stage(t, 1_000);
    const headers = { accept: 'text/csv', 'accept-encoding': encoding, 'x-leaves': 'yes' };
    for (const n of [1, 2, 3, 4, 5]) {
      await sendAndLeave(app.server, ['GET /list'], headers);
      await until(() => answered() === n);
    }
    await until(() => held() === 0);
    const next = await ask(port, encoding);
    t.equal(next.statusCode, 200);
    next.destroy();
  });
}

t.test('beyond four files at once the next one is told to come again', async (t) => {
  const { port, held } = await stage(t, 1_000);
  const answers = await Promise.all([1, 2, 3, 4].map(() => ask(port)));
  const fifth = await ask(port);
  t.equal(fifth.statusCode, 503);
  t.equal(fifth.headers['retry-after'], '5');
  fifth.resume();
  for (const answer of answers) answer.destroy();
  await until(() => held() === 0);
  const after = await ask(port);
  t.equal(after.statusCode, 200);
  after.destroy();
});
