/**
 * `npm run check:image`: replays the Dockerfile without a container engine, then starts migrate, the API and the projectors from what
 * it makes, on a Postgres server of their own, and takes one order through them. Run it with the Node of the image.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { tinyPdf } from '../test/support/tiny-pdf.js';
import { buildContext, inside, replay, type Stage } from './dockerfile.js';
import { freePort, startPlainPostgres } from './plain-postgres.js';

const READY_MS = 60_000;
const checkout = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'orderlog-image-'));
const children: ChildProcess[] = [];
let passed = 0;

function check(title: string, ok: boolean, detail: unknown = ''): void {
  console.log(`${ok ? 'ok' : 'not ok'} - ${title}`);
  if (!ok) throw new Error(`${title}: ${JSON.stringify(detail)}`);
  passed++;
}

/** Starts the image's entry point as a container would. */
function start(stage: Stage, environment: Readonly<Record<string, string>>, command: readonly string[]): ChildProcess {
  const [program = '', ...args] = command;
  const own = Object.entries(stage.environment).map(([name, value]) => [
    name,
    value.startsWith('/') ? inside(stage, value) : value,
  ]);
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: inside(stage, '.'),
    env: { PATH: process.env['PATH'], ...(Object.fromEntries(own) as Record<string, string>), ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  children.push(child);
  return child;
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

async function send(url: string, method: string, body: FormData | object | null, headers: Record<string, string> = {}) {
  const isForm = body instanceof FormData;
  const type: Record<string, string> = isForm || body === null ? {} : { 'content-type': 'application/json' };
  const payload = isForm ? body : body === null ? null : JSON.stringify(body);
  const response = await fetch(url, { method, headers: { ...type, ...headers }, body: payload });
  const { data } = (await response.json()) as { data: Record<string, unknown> };
  return { status: response.status, data, position: response.headers.get('log-position') ?? '' };
}

/** A user, a product and an order, and what the projectors have made of it. */
async function takeAnOrder(api: string): Promise<void> {
  const category = await send(`${api}/categories`, 'POST', { name: 'Printers' });
  const cat_id = Number(category.data['cat_id']);
  const product = { sku: 'P-1', name: 'Printer', price: 9_900, currency: 'EUR', cat_ids: [cat_id] };
  const { data: added } = await send(`${api}/products`, 'POST', product);
  const form = new FormData();
  form.set('name', 'Ada');
  form.set('email', 'ada@example.org');
  form.set('id_proof', new Blob([new Uint8Array(tinyPdf())]), 'proof.pdf');
  const user = await send(`${api}/users`, 'POST', form);
  check('a user registers with a proof', user.status === 201, user);
  const items = [{ product_id: added['product_id'], quantity: 2 }];
  const order = await send(`${api}/orders`, 'POST', { user_id: user.data['user_id'], items });
  check('an order is placed', order.status === 201, order);
  const counts = await send(`${api}/categories/${cat_id}/order-counts`, 'GET', null, {
    'min-log-position': order.position,
    prefer: 'wait=30',
  });
  check('and counted by the projectors', counts.status === 200 && counts.data['placed'] === 1, counts);
}

async function healthy(stage: Stage, environment: Readonly<Record<string, string>>): Promise<number | null> {
  return exitOf(start(stage, environment, stage.healthcheck));
}

async function run(): Promise<void> {
  const dockerfile = readFileSync(join(checkout, 'Dockerfile'), 'utf8');
  const context = join(folder, 'context');
  buildContext(checkout, context);
  // 1. Build.
  const PATH = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  const stage = replay(dockerfile, { context, folder, environment: { ...process.env, PATH }, say: console.log });
  const [, major = ''] = /^node:(\d+)/.exec(stage.image) ?? [];
  check(`this is Node ${major}, as in the image`, process.versions.node.startsWith(`${major}.`), process.version);
  // 2. A server.
  const data = join(folder, 'postgres');
  mkdirSync(data);
  const postgres = await startPlainPostgres(data);
  try {
    const shared = {
      ...{ DATABASE_URL: postgres.url, MASTER_KEY: Buffer.alloc(32, 7).toString('base64') },
      ...{ AUTH: 'none', SEED: 'none', LOG_LEVEL: 'warn', LOG_FORMAT: 'json' },
    };
    // 3. The three processes of docker-compose.yml.
    check('migrate ends with 0', (await exitOf(start(stage, shared, [...stage.entrypoint, 'migrate']))) === 0);
    const api = { ...shared, PORT: String(await freePort()) };
    const projector = { ...shared, PORT: String(await freePort()) };
    check('the health check fails where nothing runs', (await healthy(stage, api)) === 1);
    const servers = [
      start(stage, api, [...stage.entrypoint, 'serve', '--api-only']),
      start(stage, projector, [...stage.entrypoint, 'serve', '--projectors-only']),
    ];
    for (const [name, one] of Object.entries({ api, projector })) {
      let code = await healthy(stage, one);
      for (const end = Date.now() + READY_MS; code !== 0 && Date.now() < end;) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        code = await healthy(stage, one);
      }
      check(`the health check of the ${name} passes`, code === 0);
    }
    await takeAnOrder(`http://127.0.0.1:${api.PORT}/v1`);
    for (const server of servers) {
      server.kill('SIGTERM');
      check('SIGTERM ends a process with 0', (await exitOf(server)) === 0);
    }
  } finally {
    await end();
    await postgres.stop();
  }
}

async function end(): Promise<void> {
  for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    child.kill('SIGKILL');
    await exitOf(child);
  }
}

try {
  chmodSync(folder, 0o711);
  await run();
  console.log(`${passed} passed, 0 failed`);
} catch (error) {
  console.error(error);
  console.log(`${passed} passed, 1 failed`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}
