/** Many requests under one idempotency key at once, while the server is killed and started again at random moments. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, outcome, type Sent } from './http-client.js';
import { Shop, userForm } from './running-app.js';

const CALLERS = 50;
/** The first kill comes while the first requests run. */
const FIRST_KILL_MS = 150;
const NEXT_KILL_MS = 600;
const PATIENCE_MS = 120_000;

export interface Victim {
  readonly url: string;
  kill(): Promise<unknown>;
  /** Ends it as an operator does: nothing that it has started is left. */
  stop(): Promise<unknown>;
}

export interface Report {
  readonly kills: number;
  readonly requests: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

interface Command {
  readonly path: string;
  readonly sent: () => Sent;
  readonly expected: string;
  /** How often it has taken effect. */
  readonly effects: () => Promise<number>;
}

export async function killUnderOneKey(start: () => Promise<Victim>, rounds: number): Promise<Report> {
  const run = new Run(start, await start());
  await run.prepare();
  for (let round = 0; round < rounds; round++) await run.round(round);
  await run.end();
  const { kills, requests, outcomes, problems } = run;
  return { kills, requests, outcomes, problems };
}

class Run implements Report {
  kills = 0;
  requests = 0;
  readonly outcomes: Record<string, number> = {};
  readonly problems: string[] = [];
  #product = 0;

  constructor(
    private readonly start: () => Promise<Victim>,
    private victim: Victim,
  ) {}

  async prepare(): Promise<void> {
    const shop = this.#shop();
    this.#product = (await shop.addProduct([(await shop.addCategory()).cat_id])).product_id;
  }

  async round(round: number): Promise<void> {
    const command = await this.#command(round);
    const key = `round-${round}-${Math.random()}`;
    const answers = Promise.all(Array.from({ length: CALLERS }, () => this.#untilAnswered(command, key)));
    await this.#kill(FIRST_KILL_MS);
    if (Math.random() < 0.5) await this.#kill(NEXT_KILL_MS);
    const told = new Set(await answers);
    const [first = ''] = told;
    if (told.size > 1) this.problems.push(`round ${round}: ${told.size} responses: ${[...told].join('\n')}`);
    if (!first.startsWith(command.expected)) this.problems.push(`round ${round}: ${first}`);
    const effects = await command.effects();
    const wanted = command.expected === '201' ? 1 : 0;
    if (effects !== wanted) this.problems.push(`round ${round}: ${effects} effects, not ${wanted}`);
  }

  async end(): Promise<void> {
    await this.victim.stop();
  }

  #shop(): Shop {
    return new Shop(new Client(this.victim.url));
  }

  async #kill(withinMs: number): Promise<void> {
    await sleep(Math.random() * withinMs);
    await this.victim.kill();
    this.kills += 1;
    this.victim = await this.start();
  }

  async #command(round: number): Promise<Command> {
    const email = `user-${round}-${Math.random()}@shop.test`;
    if (round % 3 === 1) {
      const path = '/v1/users';
      const effects = (): Promise<number> => this.#count(`${path}?email=${email}`);
      return { path, sent: () => ({ form: userForm('Ada', email) }), expected: '201', effects };
    }
    const { user_id } = await this.#shop().registerUser({ email });
    const isKnown = round % 3 === 0;
    const items = [{ product_id: isKnown ? this.#product : 999_999, quantity: 1 }];
    return {
      path: '/v1/orders',
      sent: () => ({ json: { user_id, items } }),
      expected: isKnown ? '201' : '422 unknown-product',
      effects: () => this.#count(`/v1/users/${user_id}/orders`),
    };
  }

  /** By the read model, when it is at the head of the log. */
  async #count(path: string): Promise<number> {
    const http = new Client(this.victim.url);
    http.patience = 30;
    // Its position is that of the head.
    await new Shop(http).addCategory();
    return ((await http.ok('GET', path)).data as unknown[]).length;
  }

  /** All that the response says, after as many tries as it takes. */
  async #untilAnswered({ path, sent }: Command, key: string): Promise<string> {
    for (const giveUpAt = Date.now() + PATIENCE_MS; Date.now() < giveUpAt;) {
      const http = new Client(this.victim.url);
      this.requests += 1;
      const answer = await http
        .send('POST', path, { ...sent(), headers: { 'idempotency-key': key } })
        .catch(() => null);
      const what = answer ? outcome(answer) : 'no response';
      this.outcomes[what] = (this.outcomes[what] ?? 0) + 1;
      if (answer && answer.status < 500 && what !== '409 idempotency-in-flight') {
        const heads = ['content-type', 'location', 'etag', 'log-position'].map((name) => answer.headers.get(name));
        return [what, answer.bytes.toString(), ...heads].join(' ');
      }
      await sleep(20);
    }
    return 'no response in time';
  }
}
