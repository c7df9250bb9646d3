/** Callers that went away: what is kept for them is given up, however early they left. */
import type { Server, ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import type { App } from './app-type.js';

interface Answering {
  readonly raw: ServerResponse;
}

const waiting = new WeakMap<ServerResponse, (() => void)[]>();

/** Tells once that an answer has left, or never will. The event `close` alone is not enough: for a caller that is gone it is over. */
export function whenGone({ raw }: Answering, tell: () => void): void {
  if (raw.destroyed) {
    tell();
    return;
  }
  // One listener for all of them: Node warns of more than ten, and a file that is sent has most of those.
  const before = waiting.get(raw);
  if (before) {
    before.push(tell);
    return;
  }
  const tells = [tell];
  waiting.set(raw, tells);
  raw.once('close', () => {
    // What the values of a WeakMap hold, young garbage collections take for alive: the entry would keep its whole request for seconds.
    waiting.delete(raw);
    tells.forEach((one) => one());
  });
}

/** Destroys streams whose reader is gone. Fastify does so for readers that leave later, while the stream is sent. */
export function endUnreadStreams(app: App): void {
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (payload instanceof Readable) whenGone(reply, () => payload.destroy());
    done(null, payload);
  });
}

/**
 * Closes the responses that wait for their turn when their connection closes. A client may send requests without waiting for the
 * responses, and Node tells only the first of these. Call before the server accepts connections.
 */
export function closeQueuedResponses(server: Server): void {
  const queues = new WeakMap<Duplex, Set<ServerResponse>>();
  server.prependListener('request', ({ socket }, response) => {
    // It is its turn at once.
    if (response.socket) return;
    let queue = queues.get(socket);
    if (!queue) {
      const waiting = (queue = new Set<ServerResponse>());
      queues.set(socket, queue);
      socket.once('close', () => {
        for (const one of waiting) one.destroy().emit('close');
      });
    }
    queue.add(response);
    response.once('socket', () => queue.delete(response));
  });
}
