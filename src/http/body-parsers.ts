import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { print } from '../engine/index.js';
import type { App } from './app-type.js';
import { namedTwice } from './named-twice.js';
import { Problem } from './problem.js';
import { pathText } from './validation.js';

const BYTE_ORDER_MARK = '\uFEFF';
const MERGE_PATCH = 'application/merge-patch+json';

/** JSON, and on PATCH its merge patch, are read; anything else is 415. An empty body is none. */
export function readJsonBodies(app: App): void {
  app.removeAllContentTypeParsers();
  const read = (request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void): void => {
    if (body.length === 0) {
      if (bodyIsOptional(request)) done(null, undefined);
      else done(new Problem('malformed-json', 'The body is empty.'));
    } else if (!isUtf8(body)) {
      done(new Problem('malformed-json', 'The body is not UTF-8.'));
    } else {
      const { error, value } = parsed(body.toString('utf8'));
      done(error, value);
    }
  };
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, read);
  app.addContentTypeParser<Buffer>(MERGE_PATCH, { parseAs: 'buffer' }, (request, body, done) => {
    if (request.method === 'PATCH') read(request, body, done);
    else done(new Problem('unsupported-media-type', `${MERGE_PATCH} belongs to PATCH.`));
  });
  app.addContentTypeParser('*', (request, _payload, done) => {
    // `curl -d ''` names the type of a form, and sends nothing that is of a type.
    const isEmpty = request.headers['content-length'] === '0' && bodyIsOptional(request);
    done(request.is404 || isEmpty ? null : new Problem('unsupported-media-type'), undefined);
  });
}

/** A `__proto__` in it is a member like others: the schemas name it as unknown, and nothing copies it. */
function parsed(text: string): { readonly error: Problem | null; readonly value?: unknown } {
  const json = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return {
      error: new Problem('malformed-json', `The body is not JSON: ${print.jsonFault(json) ?? 'it can not be read'}.`),
    };
  }
  // A proxy in front may have read the first of two.
  const faults = namedTwice(json).map((path) => ({ path: pathText('body', path), message: 'is given twice' }));
  return faults.length > 0 ? { error: new Problem('invalid-request', undefined, faults) } : { error: null, value };
}

function bodyIsOptional(request: FastifyRequest): boolean {
  const check = request.getValidationFunction('body') as ((data: unknown) => { error?: Error }) | undefined;
  return !check || check(null).error === undefined;
}
