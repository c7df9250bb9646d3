import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';

const script = join(import.meta.dirname, '../../../scripts/check-health.mjs');

async function check(port: number, HOST?: string): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [script], { env: { PORT: String(port), ...(HOST !== undefined && { HOST }) } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += piece.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

async function server(t: Test, answer: RequestListener, host = '127.0.0.1'): Promise<number> {
  const http = createServer(answer).listen(0, host);
  await once(http, 'listening');
  t.teardown(() => {
    http.closeAllConnections();
    http.close();
  });
  return (http.address() as AddressInfo).port;
}

void t.test('the health check of the image follows ready, and shows what it says', async (t) => {
  let status = 200;
  const port = await server(t, (request, response) => {
    response.writeHead(request.url === '/health/ready' ? status : 404).end('{"status":"as it is"}');
  });
  t.match(await check(port), { code: 0, said: /as it is/ });
  status = 503;
  t.match(await check(port), { code: 1, said: /as it is/ });
});

void t.test('a process that says nothing, or is not there, is not healthy', async (t) => {
  const port = await server(t, () => undefined);
  t.match(await check(port), { code: 1, said: /does not answer: TimeoutError/ });
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port: free } = closed.address() as AddressInfo;
  closed.close();
  t.match(await check(free), { code: 1, said: /does not answer: ECONNREFUSED/ });
});
