/** A server that answers each request as a test wants it, and remembers what was sent. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { type Client, type ClientOptions, createClient } from '../../clients/typescript/src/index.js';
import { problemKind, type ProblemCode } from '../../src/http/problem-codes.js';

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly at: number;
}

export type Step = (response: ServerResponse) => void;

export interface StandIn {
  readonly url: string;
  readonly client: Client;
  readonly received: readonly Received[];
  /** Resolves once so many requests are there. */
  count(requests: number): Promise<void>;
}

/** @param steps one for each request; the last one for all that follow */
export async function standIn(t: Test, steps: readonly Step[], options: ClientOptions = {}): Promise<StandIn> {
  const received: Received[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => void take(request, response));
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const { method = '', url = '', headers } = request;
    received.push({ method, url, headers, body: Buffer.concat(pieces), at: performance.now() });
    (steps[received.length - 1] ?? steps.at(-1))?.(response);
    waiting.splice(0).forEach((look) => look());
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const count = async (requests: number): Promise<void> => {
    while (received.length < requests) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { url: baseUrl, client: createClient({ baseUrl, ...options }), received, count };
}

export const cut: Step = (response) => response.destroy();

/** Takes the request and never answers. */
export const silence: Step = () => undefined;

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Step {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** Breaks the connection in the middle of the body. */
export function half(status: number, body: object): Step {
  return (response) => {
    const text = JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  };
}

export function refused(code: ProblemCode, headers: Readonly<Record<string, string>> = {}): Step {
  const { status, title, explanation } = problemKind(code);
  const problem = { type: `/problems/${code}`, title, status, detail: explanation, code, request_id: 'r-1' };
  return json(status, problem, { 'content-type': 'application/problem+json', ...headers });
}

export function page(type: string, status: number): Step {
  return (response) => void response.writeHead(status, { 'content-type': type }).end('<p>no answer of Orderlog</p>');
}

/** What a rejected promise was rejected with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('it was not rejected'),
    (error: unknown) => error,
  );
}
