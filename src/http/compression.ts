import compress from '@fastify/compress';
import { z } from 'zod';
import { varyByEncoding } from './accept.js';
import type { App } from './app-type.js';

/** Shorter answers gain nothing. */
const THRESHOLD = 1_024;
const COMPRESSIBLE = /^(?:text\/csv|application\/(?:problem\+|x-nd)?json)\b/;

/**
 * Lists that are added after this are compressed if the caller asks for it. All other answers stay as they are: they are short, and
 * a single resource has a strong entity tag, which belongs to one sequence of bytes.
 */
export async function compressLists(app: App): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.compress = isList(route.schema?.querystring) ? {} : false;
    if (route.compress) {
      route.onSend = [
        (_request, reply, payload, done) => {
          varyByEncoding(reply);
          done(null, payload);
        },
        ...[route.onSend ?? []].flat(),
      ];
    }
  });
  await app.register(compress, {
    global: false,
    encodings: ['br', 'gzip', 'identity'],
    threshold: THRESHOLD,
    customTypes: COMPRESSIBLE,
  });
}

function isList(query: unknown): boolean {
  return query instanceof z.ZodObject && 'cursor' in query.shape;
}
