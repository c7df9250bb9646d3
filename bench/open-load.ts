/** The load generator of an open loop, a process of its own: an OpenLoad as JSON on standard input, one Timed as JSON on standard output. */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { dueBy, timesOf, type Times } from './open-loop.js';

export interface OpenRequest {
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
}

export interface Timed extends Times {
  readonly perSecond: number;
}

const load = JSON.parse(await text(process.stdin)) as OpenLoad;
const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
const total = Math.ceil(load.rate * load.seconds);
const doneAt: number[] = [];
const answers: Promise<void>[] = [];

const since = performance.now();
while (answers.length < total) {
  const due = Math.min(total, dueBy(performance.now() - since, load.rate));
  while (answers.length < due) answers.push(send(answers.length));
  await sleep(1);
}
await Promise.all(answers);
const seconds = (performance.now() - since) / 1_000;
agent.destroy();
const timed: Timed = { ...timesOf(doneAt, load.rate), perSecond: total / seconds };
console.log(JSON.stringify(timed));

function send(n: number): Promise<void> {
  const { method, path, body = '' } = load.requests[n % load.requests.length] as OpenRequest;
  const headers = {
    ...(method === 'POST' && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(load.url + path, { agent, method, headers }, (answer) => {
      const status = answer.statusCode ?? 0;
      if (status >= 300) reject(new Error(`${method} ${path.replace(/\?.*/, '')} answered ${status}`));
      answer.resume();
      answer.on('end', () => {
        doneAt[n] = performance.now() - since;
        resolve();
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
