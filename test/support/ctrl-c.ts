/** `npm start` and Ctrl-C again and again, at random moments and under requests, from the first start on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { userForm } from './running-app.js';

const ROOT = join(import.meta.dirname, '../../..');
const LONGEST_START_MS = 300_000;
const CALLERS = 3;

export interface CtrlC {
  /** From `npm start` to the greeting, for each start that came to it. */
  readonly startMs: readonly number[];
  /** From Ctrl-C to the end of `npm start`. */
  readonly endMs: readonly number[];
  readonly acknowledged: number;
  readonly problems: readonly string[];
}

/** @param folder for the data, and the working folder */
export async function startAndInterrupt(folder: string, rounds: number): Promise<CtrlC> {
  const installation = new Installation(join(folder, 'data'), folder);
  // The first one may be interrupted while it makes the database.
  for (let round = 0; round < rounds; round++) await installation.round(round % 4 === 0 ? 'starting' : 'serving');
  await installation.lookForOrders();
  return installation;
}

class Installation implements CtrlC {
  readonly startMs: number[] = [];
  readonly endMs: number[] = [];
  readonly problems: string[] = [];
  readonly #orders: string[] = [];
  #user: string | null = null;

  constructor(
    private readonly data: string,
    private readonly folder: string,
  ) {}

  get acknowledged(): number {
    return this.#orders.length;
  }

  async round(moment: 'starting' | 'serving'): Promise<void> {
    const started = this.#start();
    if (moment === 'starting') await Promise.race([started.url, sleep(500 + Math.random() * 3_000)]);
    else {
      const url = await started.url;
      const over = new AbortController();
      const load = Promise.all(Array.from({ length: CALLERS }, () => this.#placeOrders(url, over.signal)));
      const before = this.acknowledged;
      // However busy the machine is: without an order there is none to lose.
      for (const until = Date.now() + 60_000; this.acknowledged === before && Date.now() < until;) await sleep(20);
      await sleep(Math.random() * 1_500);
      await this.#interrupt(started.child);
      over.abort();
      await load;
      return;
    }
    await this.#interrupt(started.child);
  }

  /** Every acknowledged order is there after the last start. */
  async lookForOrders(): Promise<void> {
    const { child, url } = this.#start();
    const base = await url;
    for (const id of this.#orders) {
      const { status } = await fetch(`${base}/v1/orders/${id}`);
      if (status !== 200) this.problems.push(`order ${id} was acknowledged and is answered with ${status}`);
    }
    await this.#interrupt(child);
  }

  #start(): { readonly child: ChildProcess; readonly url: Promise<string> } {
    const begun = performance.now();
    const child = spawn('npm', ['start', '--silent', '--prefix', ROOT], {
      cwd: this.folder,
      env: {
        ...{ PATH: process.env['PATH'], HOME: this.folder, TMPDIR: this.folder },
        ...{ ORDERLOG_DATA_DIR: this.data, PORT: '0', LOG_LEVEL: 'warn', AUTH: 'none' },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // As in a terminal: a group of its own, which Ctrl-C is for.
      detached: true,
    });
    let output = '';
    const url = new Promise<string>((resolve, reject) => {
      const late = setTimeout(reject, LONGEST_START_MS, new Error(`it does not start: ${output}`));
      const read = (piece: Buffer): void => {
        output += piece.toString();
        const found = /try +curl -s (http:\/\/[^/\s]+)/.exec(output)?.[1];
        if (found === undefined) return;
        clearTimeout(late);
        this.startMs.push(Math.round(performance.now() - begun));
        resolve(found);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', () => {
        clearTimeout(late);
        reject(new Error(`it ended: ${output}`));
      });
    });
    // Where it is interrupted before, nobody waits for it.
    url.catch(() => undefined);
    return { child, url };
  }

  async #interrupt(child: ChildProcess): Promise<void> {
    const begun = performance.now();
    const exit = once(child, 'exit');
    for (let times = 1 + Math.floor(Math.random() * 2); times > 0; times--) {
      toGroup(child, 'SIGINT');
      await sleep(Math.random() * 200);
    }
    await exit;
    this.endMs.push(Math.round(performance.now() - begun));
    // npm may end before what it has started.
    for (const until = Date.now() + 15_000; this.#serverRuns() && Date.now() < until;) await sleep(50);
    if (this.#serverRuns()) this.problems.push(`round ${this.endMs.length}: Postgres is left`);
  }

  /** Orders, one after the other. One that is not acknowledged may be there or not. */
  async #placeOrders(url: string, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      try {
        this.#user ??= await this.#register(url);
        const body = JSON.stringify({ user_id: this.#user, items: [{ product_id: 1, quantity: 1 }] });
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${url}/v1/orders`, { method: 'POST', headers, body });
        const text = await answer.text();
        if (answer.status === 201)
          this.#orders.push((JSON.parse(text) as { data: { order_id: string } }).data.order_id);
        else if (answer.status !== 503) this.problems.push(`an order was answered with ${answer.status}: ${text}`);
      } catch {
        // Refused, for it has ended.
        await sleep(20);
      }
    }
  }

  async #register(url: string): Promise<string> {
    const email = `ada${Math.random()}@example.org`;
    const answer = await fetch(`${url}/v1/users`, { method: 'POST', body: userForm('Ada', email) });
    const text = await answer.text();
    if (answer.status === 201) return (JSON.parse(text) as { data: { user_id: string } }).data.user_id;
    if (answer.status !== 503) this.problems.push(`an upload was answered with ${answer.status}: ${text}`);
    throw new Error('not now');
  }

  #serverRuns(): boolean {
    const note = join(this.data, 'postgres.location');
    const cluster = existsSync(note) ? readFileSync(note, 'utf8').trim() : join(this.data, 'postgres');
    return readdirSync('/proc').some((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`-D\0${cluster}\0`);
      } catch {
        return false;
      }
    });
  }
}

function toGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
