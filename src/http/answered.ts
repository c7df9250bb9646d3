import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from './app-type.js';
import { whenGone } from './gone.js';

/** @param hasLeft the caller left before the answer had been sent to it */
type Tell = (request: FastifyRequest, reply: FastifyReply, hasLeft: boolean) => void;

/**
 * What is told of each request that is done: once, with the status and the code that it was answered with. Fastify's `onResponse` never
 * comes for a caller that left early, though its command may have been carried out.
 */
export class Answered {
  readonly #tells: Tell[] = [];
  readonly #told = new WeakSet<FastifyReply>();

  /** Call before routes are added. */
  constructor(app: App) {
    app.addHook('onResponse', (request, reply, done) => {
      this.#tell(request, reply, false);
      done();
    });
    app.addHook('onRoute', (route) => {
      // Those of a route come last: nothing changes the answer any more.
      route.onSend = [route.onSend ?? []].flat();
      route.onSend.push((request, reply, payload, done) => {
        whenGone(reply, () => this.#tell(request, reply, true));
        done(null, payload);
      });
    });
  }

  each(tell: Tell): void {
    this.#tells.push(tell);
  }

  #tell(request: FastifyRequest, reply: FastifyReply, hasLeft: boolean): void {
    if (this.#told.has(reply)) return;
    this.#told.add(reply);
    for (const tell of this.#tells) tell(request, reply, hasLeft);
  }
}
