import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import type { App } from './app-type.js';
import { Problem } from './problem.js';

const MERGE_PATCH = 'application/merge-patch+json';

/** JSON, and on PATCH its merge patch, are read; anything else is 415. An empty body is none. */
export function readJsonBodies(app: App): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  const read = (request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void): void => {
    if (body.length === 0) {
      if (bodyIsOptional(request)) done(null, undefined);
      else done(new Problem('malformed-json', 'The body is empty.'));
    } else if (!isUtf8(body)) {
      done(new Problem('malformed-json', 'The body is not UTF-8.'));
    } else {
      void parse(request, body.toString('utf8'), done);
    }
  };
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, read);
  app.addContentTypeParser<Buffer>(MERGE_PATCH, { parseAs: 'buffer' }, (request, body, done) => {
    if (request.method === 'PATCH') read(request, body, done);
    else done(new Problem('unsupported-media-type', `${MERGE_PATCH} belongs to PATCH.`));
  });
}

function bodyIsOptional(request: FastifyRequest): boolean {
  const check = request.getValidationFunction('body') as ((data: unknown) => { error?: Error }) | undefined;
  return !check || check(null).error === undefined;
}
