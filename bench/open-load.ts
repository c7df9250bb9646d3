/** The load generator of an open loop, a process of its own: an OpenLoad as JSON on standard input, one Timed as JSON on standard output. */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { dueBy, spreadOf, type Times, timesOf } from './open-loop.js';

interface OpenRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

export interface OpenLoad {
  readonly url: string;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  /** More than so many wait here for a connection, and their time runs. */
  readonly connections: number;
  /** Sent in turn. */
  readonly requests: readonly OpenRequest[];
  /** Of each so many orders that are placed, one is looked for until a read finds it. */
  readonly seeEvery?: number;
}

export interface Timed extends Times {
  readonly perSecond: number;
  /** Of each request, so that rounds can be taken together. */
  readonly all: readonly number[];
  /** From the response to an order until a read found it. */
  readonly seen?: Times;
  /** What of that was the one read that found it. */
  readonly finding?: Times;
}

const LOOK_AGAIN_MS = 1;

const load = JSON.parse(await text(process.stdin)) as OpenLoad;
const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
/** Its reads do not wait for a connection behind the load. */
const looking = new Agent({ keepAlive: true });
const total = Math.ceil(load.rate * load.seconds);
const doneAt: number[] = [];
const seenAfter: number[] = [];
const foundIn: number[] = [];
const answers: Promise<void>[] = [];

const since = performance.now();
while (answers.length < total) {
  const due = Math.min(total, dueBy(performance.now() - since, load.rate));
  while (answers.length < due) answers.push(one(answers.length));
  await sleep(1);
}
await Promise.all(answers);
const perSecond = (total * 1_000) / Math.max(...doneAt);
agent.destroy();
looking.destroy();
const all = timesOf(doneAt, load.rate);
const timed: Timed = {
  ...spreadOf(all),
  ...{ perSecond, all },
  ...(seenAfter.length > 0 && { seen: spreadOf(seenAfter), finding: spreadOf(foundIn) }),
};
console.log(JSON.stringify(timed));

async function one(n: number): Promise<void> {
  const wanted = load.requests[n % load.requests.length] as OpenRequest;
  const { status, body } = await send(agent, wanted);
  const answered = performance.now();
  doneAt[n] = answered - since;
  if (status >= 300) throw new Error(`${wanted.method} ${wanted.path} answered ${status}`);
  if (load.seeEvery === undefined || n % load.seeEvery !== 0) return;
  const { order_id, number } = (JSON.parse(body) as { data: { order_id: string; number: number } }).data;
  // The list: a read of the order itself would find it in its stream.
  const read = { method: 'GET', path: `/v1/orders?number=${number}` } as const;
  for (;;) {
    const asked = performance.now();
    const isThere = (await send(looking, read)).body.includes(order_id);
    const now = performance.now();
    if (isThere) {
      seenAfter.push(now - answered);
      foundIn.push(now - asked);
      return;
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

function send(by: Agent, { method, path, body = '' }: OpenRequest): Promise<{ status: number; body: string }> {
  const headers = {
    ...(method === 'POST' && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(load.url + path, { agent: by, method, headers }, (answer) => {
      text(answer).then((received) => resolve({ status: answer.statusCode ?? 0, body: received }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
