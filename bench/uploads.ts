/**
 * `npm run bench:uploads -- FOLDER`: 50 proofs of identity uploaded at once, out of a folder of PDFs with an INDEX.csv (file, verdict).
 * Prints as JSON what orders and reads of others take alone, beside ordinary documents and beside ordinary and hostile ones; uploads a
 * second; the most memory that the server and its checking processes take, and how much of a core; and what a file of 100 MB gets.
 * Fifty uploads are always under way: as one is answered, the next is sent. The process that sends them has the lowest priority, and
 * says how much of a core it took, because on a machine of its own it would take nothing of the server's.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { writeCatalog } from './catalog.js';
import { remove, temporaryFolder } from './ending.js';
import { cpuSeconds } from './peak.js';
import { orderlog, type Running, serve, type Settings, stopServers } from './processes.js';

const AT_ONCE = 50;
const PHASE_MS = 12_000;
const WARM_MS = 4_000;
/** Between two requests of one kind: others are people, not a benchmark. */
const PROBE_EVERY_MS = 20;
const LARGE_MB = 100;
const PRODUCTS = 200;
const BOUNDARY = 'b0undary';

interface Uploads {
  readonly url: string;
  readonly files: readonly string[];
}

interface Uploaded {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** By status and code. */
  readonly answers: Readonly<Record<string, number>>;
  /** What the sending took of a core. */
  readonly sendingCores: number;
}

const [folder] = process.argv.slice(2);
// The child that uploads gets its work as a message: it takes no time of those that measure.
if (process.send) process.once('message', (work: Uploads) => void uploadAll(work));
else if (folder === undefined || !existsSync(join(folder, 'INDEX.csv'))) {
  console.error('usage: npm run bench:uploads -- FOLDER, of PDFs with an INDEX.csv');
  process.exitCode = 2;
} else await main(folder);

async function main(pdfs: string): Promise<void> {
  const home = temporaryFolder('orderlog-uploads-');
  const settings: Settings = { ORDERLOG_DATA_DIR: join(home, 'data'), SEED: 'none', HOME: home };
  try {
    await writeCatalog(join(home, 'shop'), { products: PRODUCTS, users: 20 });
    await orderlog(settings, 'import', join(home, 'shop'));
    const server = await serve(settings);
    const rows: Record<string, string>[] = parse(readFileSync(join(pdfs, 'INDEX.csv')), { columns: true });
    const files = (verdicts: readonly string[]): string[] =>
      rows.filter(({ verdict = '' }) => verdicts.includes(verdict)).map(({ file = '' }) => join(pdfs, file));
    await probed(server, null, WARM_MS);
    const report = {
      alone: await probed(server, null),
      ordinary: await probed(server, files(['accept'])),
      ordinary_and_hostile: await probed(server, files(['accept', 'reject', 'either'])),
      large: await large(server),
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } finally {
    await stopServers();
    remove(home);
  }
}

/** What others get, while files are uploaded or not. */
async function probed(server: Running, files: readonly string[] | null, phaseMs = PHASE_MS): Promise<object> {
  const child = files && fork(import.meta.filename, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  // Those who upload have machines of their own.
  if (child?.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  child?.send({ url: server.url, files: files ?? [] } satisfies Uploads);
  const uploaded = child && (once(child, 'message') as Promise<[Uploaded]>);
  if (child) await sleep(WARM_MS);
  const over = AbortSignal.timeout(phaseMs);
  const users = await userIds(server);
  const [reads, orders, used] = await Promise.all([
    latencies(over, () => fetch(`${server.url}/v1/orders?limit=20`)),
    latencies(over, (n) => {
      const items = [{ product_id: 1 + (n % PRODUCTS), quantity: 1 }];
      const body = JSON.stringify({ user_id: users[n % users.length], items });
      const headers = { 'content-type': 'application/json' };
      return fetch(`${server.url}/v1/orders`, { method: 'POST', headers, body });
    }),
    usage(server.pid, over),
  ]);
  const uploads = uploaded && (await uploaded)[0];
  child?.kill();
  return { reads, orders, ...used, ...(uploads && { uploads }) };
}

async function latencies(over: AbortSignal, send: (n: number) => Promise<Response>): Promise<object> {
  const times: number[] = [];
  let failed = 0;
  while (!over.aborted) {
    const begun = performance.now();
    const answer = await send(times.length);
    await answer.arrayBuffer();
    times.push(performance.now() - begun);
    if (!answer.ok) failed += 1;
    await sleep(PROBE_EVERY_MS);
  }
  return { ...percentiles(times), failed };
}

function percentiles(times: number[]): { p50: number; p99: number } {
  times.sort((a, b) => a - b);
  const at = (part: number): number => Math.round((times[Math.floor(part * times.length)] ?? 0) * 10) / 10;
  return { p50: at(0.5), p99: at(0.99) };
}

interface Usage {
  /** At most. */
  readonly megabytes: { readonly server: number; readonly checking: number };
  /** On the average. */
  readonly cores: { readonly server: number; readonly checking: number };
}

/** Of the server alone, and of all its checking processes together. */
async function usage(pid: number, over: AbortSignal): Promise<Usage> {
  let [server, checking] = [0, 0];
  const seconds = new Map<number, { readonly first: number; last: number }>();
  const begun = performance.now();
  while (!over.aborted) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    for (const one of [pid, ...children]) {
      const now = cpuSeconds(one);
      const known = seconds.get(one);
      // A process that began meanwhile has used all of it meanwhile.
      if (known) known.last = Math.max(known.last, now);
      else seconds.set(one, { first: performance.now() - begun < 300 ? now : 0, last: now });
    }
    server = Math.max(server, residentMb(pid));
    checking = Math.max(
      checking,
      children.reduce((sum, child) => sum + residentMb(child), 0),
    );
    await sleep(100);
  }
  const elapsed = (performance.now() - begun) / 1_000;
  const used = (of: readonly number[]): number => {
    const sum = of.reduce((all, one) => all + (seconds.get(one)?.last ?? 0) - (seconds.get(one)?.first ?? 0), 0);
    return Math.round((sum / elapsed) * 100) / 100;
  };
  const others = [...seconds.keys()].filter((one) => one !== pid);
  return { megabytes: { server, checking }, cores: { server: used([pid]), checking: used(others) } };
}

function residentMb(pid: number): number {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
  } catch {
    // It has ended.
    return 0;
  }
}

/** Made as it is sent: the file is nowhere. */
async function large(server: Running): Promise<object> {
  const before = residentMb(server.pid);
  const answeredAll = new AbortController();
  const used = usage(server.pid, answeredAll.signal);
  const begun = performance.now();
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  const upload = request(`${server.url}/v1/users`, { method: 'POST', headers });
  const answered = once(upload, 'response') as Promise<[AsyncIterable<Buffer> & { readonly statusCode: number }]>;
  // The server may answer and close before all is sent.
  upload.on('error', () => undefined);
  const over = Promise.race([answered, new Promise((closed) => upload.once('close', closed))]);
  upload.write('--b\r\ncontent-disposition: form-data; name="id_proof"; filename="a.pdf"\r\n\r\n%PDF-1.4\n');
  const piece = Buffer.alloc(1024 * 1024, 'x');
  let sent = 0;
  for (; sent < LARGE_MB && !upload.destroyed && !upload.writableEnded; sent++) {
    if (!upload.write(piece)) await Promise.race([new Promise((drained) => upload.once('drain', drained)), over]);
    if (await Promise.race([answered.then(() => true), Promise.resolve(false)])) break;
  }
  upload.end('\r\n--b--\r\n');
  const [answer] = await answered;
  const ms = Math.round(performance.now() - begun);
  let body = '';
  for await (const part of answer) body += part.toString();
  answeredAll.abort();
  const { code } = JSON.parse(body) as { code: string };
  const grew_mb = (await used).megabytes.server - before;
  return { status: answer.statusCode, code, ms, sent_mb: sent, grew_mb };
}

async function userIds(server: Running): Promise<string[]> {
  const answer = await fetch(`${server.url}/v1/users?sort=registered_at&limit=20`);
  return ((await answer.json()) as { data: { user_id: string }[] }).data.map(({ user_id }) => user_id);
}

/** In the child: so many uploads at once, for as long as others are measured. */
async function uploadAll({ url, files }: Uploads): Promise<void> {
  const contents = files.map((file) => readFileSync(file));
  const answers: Record<string, number> = {};
  const times: number[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let started = 0;
  const begun = performance.now();
  const isOver = (): boolean => performance.now() - begun > WARM_MS + PHASE_MS;
  const one = async (): Promise<void> => {
    while (!isOver()) {
      const n = started++;
      const body = formOf(n, contents[n % contents.length] ?? Buffer.alloc(0));
      const sent = performance.now();
      const answer = await post(`${url}/v1/users`, agent, body);
      const { code } = JSON.parse(answer.body) as { code?: string };
      times.push(performance.now() - sent);
      const key = `${answer.status}${code === undefined ? '' : ` ${code}`}`;
      answers[key] = (answers[key] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  const seconds = (performance.now() - begun) / 1_000;
  agent.destroy();
  const { user, system } = process.cpuUsage();
  const sendingCores = Math.round((user + system) / seconds / 10_000) / 100;
  process.send?.({
    perSecond: Math.round((times.length / seconds) * 10) / 10,
    ...percentiles(times),
    answers,
    sendingCores,
  });
}

/** Put together by hand: a library for forms takes as much of the machine as the server does. */
function formOf(n: number, pdf: Buffer): Buffer {
  const part = (name: string, rest: string): string =>
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${rest}`;
  const fields = `${part('name', `\r\n\r\nUser ${n}\r\n`)}${part('email', `\r\n\r\n${process.pid}-${n}@example.org\r\n`)}`;
  const file = part('id_proof', '; filename="proof.pdf"\r\n\r\n');
  return Buffer.concat([Buffer.from(fields + file), pdf, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}

async function post(url: string, agent: Agent, body: Buffer): Promise<{ status: number; body: string }> {
  const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, 'content-length': body.length };
  const sent = request(url, { agent, method: 'POST', headers });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}
