/**
 * `npm run chaos -- --kills N`: an installation under load whose rebuilds, verifications, server processes and database are killed at
 * random moments. In the end every acknowledged order is in the log, the next rebuild ends, and verify is clean. Prints a report.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeCatalog } from '../bench/catalog.js';
import { orderlog, type Running, serve, type Settings, stopServers } from '../bench/processes.js';

const VICTIMS = ['rebuild', 'rebuild', 'verify', 'serve', 'postgres'] as const;
type Victim = (typeof VICTIMS)[number];

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '10' }, 'settle-every': { type: 'string', default: '10' } },
});
const kills = Number(values.kills);
const settleEvery = Number(values['settle-every']);

const folder = mkdtempSync(join(tmpdir(), 'orderlog-chaos-'));
const dataDir = join(folder, 'data');
const settings: Settings = { ORDERLOG_DATA_DIR: dataDir, SEED: 'none', HOME: folder, KEEP_BUILD_SECONDS: '5' };
const counts: Record<Victim, number> = { rebuild: 0, verify: 0, serve: 0, postgres: 0 };
const problems: string[] = [];
const acknowledged: string[] = [];
let server: Running;
let users: string[] = [];

try {
  await writeCatalog(join(folder, 'shop'), { products: 500, users: 50 });
  await orderlog(settings, 'import', join(folder, 'shop'));
  server = await serve(settings);
  users = await userIds();
  const over = new AbortController();
  const load = Promise.all([placing(over.signal), placing(over.signal), placing(over.signal)]);
  for (let n = 1; n <= kills; n++) {
    await killOne(VICTIMS[Math.floor(Math.random() * VICTIMS.length)] as Victim);
    if (n % settleEvery === 0 || n === kills) await settle(n);
  }
  over.abort();
  await load;
  await settle(kills);
  const lost = await missingOrders();
  if (lost > 0) problems.push(`${lost} acknowledged orders are not there`);
} finally {
  await stopServers();
  rmSync(folder, { recursive: true, force: true });
}
const report = { kills: counts, orders: acknowledged.length, problems };
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** A rebuild is always under way; the victim is killed at a random moment of it. */
async function killOne(victim: Victim): Promise<void> {
  const rebuild = start('rebuild');
  const verify = victim === 'verify' ? start('verify') : null;
  await sleep(Math.random() * 3_000);
  counts[victim] += 1;
  if (victim === 'rebuild') rebuild.kill('SIGKILL');
  else if (verify) verify.kill('SIGKILL');
  else if (victim === 'postgres') killPostgres();
  else {
    process.kill(server.pid, 'SIGKILL');
    server = await serve(settings);
  }
  await Promise.all([rebuild, ...(verify ? [verify] : [])].map(ended));
}

/** What was killed does not matter any more: a rebuild ends, verify is clean, the server is ready. */
async function settle(n: number): Promise<void> {
  for (const command of ['rebuild', 'verify'] as const) {
    const child = start(command);
    const output = outputOf(child);
    const code = await ended(child);
    if (code !== 0) problems.push(`after ${n} kills ${command} ended with ${code}: ${(await output).slice(-2_000)}`);
  }
  for (const end = Date.now() + 30_000; ;) {
    if ((await fetch(`${server.url}/health/ready`).catch(() => null))?.ok) break;
    if (Date.now() > end) {
      problems.push(`after ${n} kills the server does not become ready`);
      break;
    }
    await sleep(100);
  }
  process.stderr.write(`${n} kills, ${acknowledged.length} orders, ${problems.length} problems\n`);
}

function start(command: 'rebuild' | 'verify'): ChildProcess {
  const cli = join(import.meta.dirname, '../src/cli.js');
  return spawn(process.execPath, [cli, command, '--json'], {
    env: { PATH: '/usr/bin:/bin', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ended(child: ChildProcess): Promise<number | null> {
  child.stdout?.resume();
  child.stderr?.resume();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => (text += piece.toString()));
  await once(child, 'close');
  return text;
}

function killPostgres(): void {
  const moved = join(dataDir, 'postgres.location');
  const cluster = existsSync(moved) ? readFileSync(moved, 'utf8').trim() : join(dataDir, 'postgres');
  const file = join(cluster, 'postmaster.pid');
  // It may be starting at this moment.
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
  if (pid > 0) process.kill(pid, 'SIGKILL');
}

/** Orders, one after the other; what fails while something is killed is sent again under the same key. */
async function placing(signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    const key = `chaos-${Math.random()}-${n}`;
    const body = JSON.stringify({
      user_id: users[n % users.length],
      items: [{ product_id: 1 + (n % 500), quantity: 1 }],
    });
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    while (!signal.aborted) {
      const answer = await fetch(`${server.url}/v1/orders`, { method: 'POST', headers, body }).catch(() => null);
      const text = await answer?.text().catch(() => null);
      if (answer?.status === 201 && text) {
        acknowledged.push((JSON.parse(text) as { data: { order_id: string } }).data.order_id);
        break;
      }
      if (answer && answer.status < 500 && answer.status !== 409)
        problems.push(`an order was answered with ${answer.status}: ${text}`);
      await sleep(50);
    }
    await sleep(5);
  }
}

async function userIds(): Promise<string[]> {
  const answer = await fetch(`${server.url}/v1/users?limit=50`);
  return ((await answer.json()) as { data: { user_id: string }[] }).data.map(({ user_id }) => user_id);
}

/** Of the acknowledged ones, told by the server that is there in the end. */
async function missingOrders(): Promise<number> {
  let missing = 0;
  for (const id of acknowledged) if (!(await fetch(`${server.url}/v1/orders/${id}`)).ok) missing += 1;
  return missing;
}
