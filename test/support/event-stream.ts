/** Reads server-sent events as a client does that can send headers. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import type { Client } from './http-client.js';
import { until } from './orderlog.js';

export interface Received {
  readonly event: string;
  readonly id: string | null;
  readonly data: unknown;
}

export interface OpenStream {
  readonly status: number;
  readonly headers: Headers;
  /** All that have come. */
  readonly events: readonly Received[];
  /** What a client would send as Last-Event-ID. */
  readonly lastId: () => string | null;
  readonly heartbeats: () => number;
  /** Settles when the server has ended it. */
  readonly ended: Promise<void>;
  close(): void;
  /** Waits until so many events have come. */
  count(n: number): Promise<void>;
}

export async function openStream(
  t: Test,
  client: Client,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> {
  const leaving = new AbortController();
  t.teardown(() => leaving.abort());
  const all = new Headers({ accept: 'text/event-stream', ...headers });
  if (client.key !== null) all.set('authorization', `Bearer ${client.key}`);
  const response = await fetch(client.url + path, { headers: all, signal: leaving.signal });
  const events: Received[] = [];
  let lastId: string | null = null;
  let heartbeats = 0;
  const take = (block: string): void => {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      if (line.startsWith(': heartbeat')) heartbeats++;
      const [, name = '', value = ''] = /^(\w+): (.*)$/.exec(line) ?? [];
      if (name !== '') fields.set(name, value);
    }
    lastId = fields.get('id') ?? lastId;
    const data = fields.get('data');
    if (data === undefined) return;
    events.push({ event: fields.get('event') ?? 'message', id: fields.get('id') ?? null, data: JSON.parse(data) });
  };
  const read = async (): Promise<void> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) {
      text += decoder.decode(piece as Uint8Array, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      blocks.forEach(take);
    }
  };
  return {
    status: response.status,
    headers: response.headers,
    events,
    lastId: () => lastId,
    heartbeats: () => heartbeats,
    ended: read().catch(() => undefined),
    close: () => leaving.abort(),
    count: (n) => until(() => events.length >= n),
  };
}

/** A client that has stopped to read. */
export interface Frozen {
  readonly socket: Socket;
  /** That it has read since. */
  readonly bytes: number;
}

/** @returns after the head of the answer */
export async function frozen(t: Test, port: number, path: string): Promise<Frozen> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  const client = { socket, bytes: 0 };
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`);
  await once(socket, 'data');
  socket.pause();
  socket.on('data', (piece: Buffer) => (client.bytes += piece.length));
  socket.pause();
  return client;
}
