/** Sends hostile requests and judges each response by the OpenAPI document. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import pMap from 'p-map';
import { Client } from '../http-client.js';
import { Shop } from '../running-app.js';
import { tinyPdf } from '../tiny-pdf.js';
import { type Attack, attack } from './attack.js';
import type { Living } from './bodies.js';
import { ApiDocument, type Response } from './document.js';

export interface HostileOptions {
  readonly url: string;
  readonly requests: number;
  readonly seed: number;
  /** The first request's number: to send one of a run again. */
  readonly first?: number;
  readonly said?: (done: number) => void;
}

export interface HostileResult {
  /** One for each response that the document does not describe, with the number to send it again. */
  readonly faults: readonly string[];
  /** How many responses had each status. */
  readonly statuses: Readonly<Record<number, number>>;
}

const AT_ONCE = 8;
const RESPONSE_MS = 60_000;

export async function sendHostile({ url, requests, seed, first = 0, said }: HostileOptions): Promise<HostileResult> {
  const client = new Client(url);
  const document = new ApiDocument(
    (await client.ok('GET', '/openapi.json')).body as ConstructorParameters<typeof ApiDocument>[0],
  );
  const living = await shopUnderAttack(client);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const faults: string[] = [];
  const statuses: Record<number, number> = {};
  const pdf = tinyPdf();
  let done = 0;
  const numbers = Array.from({ length: requests }, (_, n) => first + n);
  const judge = async (number: number): Promise<void> => {
    const sent = attack(document, seed, number, living, pdf);
    const response = await respond(url, agent, sent).catch((error: unknown) => (error as Error).message);
    if (typeof response !== 'string') statuses[response.status] = (statuses[response.status] ?? 0) + 1;
    const fault = typeof response === 'string' ? response : document.fault(sent.method, sent.operation, response);
    if (fault !== null) faults.push(described(number, sent, fault, response));
    if (++done % 1_000 === 0) said?.(done);
  };
  await pMap(numbers, judge, { concurrency: AT_ONCE });
  agent.destroy();
  return { faults, statuses };
}

/** A few of everything, so that a request reaches the rules behind the validation. */
async function shopUnderAttack(client: Client): Promise<Living> {
  const shop = new Shop(client);
  const top = await shop.addCategory();
  const below = await shop.addCategory({ parent_cat_id: top.cat_id });
  const products = [await shop.addProduct([below.cat_id]), await shop.addProduct([top.cat_id, below.cat_id])];
  const users = [await shop.registerUser(), await shop.registerUser()];
  const orders = [];
  for (const { user_id } of users) {
    orders.push(
      await shop.placeOrder(
        user_id,
        products.map((one) => one.product_id),
      ),
    );
  }
  client.position = null;
  const cats = [top.cat_id, below.cat_id];
  return {
    user_id: users.map((one) => one.user_id),
    order_id: orders.map((one) => one.order_id),
    product_id: products.map((one) => one.product_id),
    cat_id: cats,
    parent_cat_id: cats,
    root: cats,
    code: ['order-paid', 'route-not-found'],
  };
}

/** @throws Error when there is no response */
async function respond(url: string, agent: Agent, { method, path, headers, body }: Attack): Promise<Response> {
  const { hostname, port } = new URL(url);
  const length = body === null ? {} : { 'content-length': String(body.length) };
  const sent = request({ agent, hostname, port, method, path, headers: { ...headers, ...length } });
  sent.setTimeout(RESPONSE_MS, () => sent.destroy(new Error(`no response within ${RESPONSE_MS} ms`)));
  sent.end(body ?? undefined);
  // A server that refuses a body may close before all of it was sent: its response counts.
  const failed = new Promise<never>((_, reject) => sent.on('error', reject));
  const [response] = (await Promise.race([once(sent, 'response'), failed])) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) };
}

function described(
  number: number,
  { method, path, headers, body }: Attack,
  fault: string,
  response: Response | string,
): string {
  const shown =
    typeof response === 'string' ? '' : ` → ${response.status} ${response.body.toString('utf8').slice(0, 300)}`;
  const start = body === null ? '' : ` ${JSON.stringify(body.toString('latin1').slice(0, 300))}`;
  return `request ${number}: ${fault}: ${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 500)}${start}${shown}`;
}
