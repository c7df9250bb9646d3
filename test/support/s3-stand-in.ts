/** Enough of S3 on a port of the loopback address to store, read, list and remove objects of one bucket, and to fail at it. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

/**
 * What becomes of a request: a status as its answer, no answer, a connection that is cut before one or in the middle of it, or
 * done without an answer.
 */
export type S3Fault = number | 'silent' | 'cut' | 'cut in the middle' | 'done without an answer';

export interface S3Object {
  readonly content: Buffer;
  modified: Date;
}

const PAGE = 2;

export class S3StandIn {
  readonly objects = new Map<string, S3Object>();
  /** Methods and paths, as they came. */
  readonly requests: string[] = [];
  /** For the next requests, one after the other. */
  faults: S3Fault[] = [];
  /** For all requests, if it is given. */
  always: S3Fault | null = null;

  constructor(
    readonly url: string,
    readonly bucket: string,
  ) {}

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    this.requests.push(`${request.method} ${url.pathname}`);
    const fault = this.always ?? this.faults.shift() ?? null;
    if (typeof fault === 'number') return fail(response, fault, 'SlowDown');
    if (fault === 'silent') return;
    if (fault === 'cut') return void request.socket.destroy();
    const [, bucket, ...rest] = decodeURIComponent(url.pathname).split('/');
    if (bucket !== this.bucket) return fail(response, 404, 'NoSuchBucket');
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) return fail(response, 403, 'AccessDenied');
    const key = rest.join('/');
    const object = this.objects.get(key);
    const { method = '' } = request;
    switch (method) {
      case 'PUT': {
        const content = Buffer.concat(pieces);
        const md5 = createHash('md5').update(content).digest('base64');
        const told = request.headers['content-md5'];
        if (told !== undefined && told !== md5) return fail(response, 400, 'BadDigest');
        this.objects.set(key, { content, modified: new Date() });
        if (fault === 'done without an answer') return void request.socket.destroy();
        return void response.writeHead(200, { etag: `"${md5}"` }).end();
      }
      case 'GET': {
        if (key === '') return this.#list(url, response);
        if (!object) return fail(response, 404, 'NoSuchKey');
        const { content } = object;
        response.writeHead(200, { 'content-length': content.length });
        if (fault !== 'cut in the middle') return void response.end(content);
        response.write(content.subarray(0, content.length / 2), () => request.socket.destroy());
        return;
      }
      case 'HEAD':
        return void response.writeHead(object ? 200 : 404).end();
      case 'DELETE':
        this.objects.delete(key);
        return void response.writeHead(204).end();
      default:
        return fail(response, 501, 'NotImplemented');
    }
  }

  #list(url: URL, response: ServerResponse): void {
    const prefix = url.searchParams.get('prefix') ?? '';
    const after = url.searchParams.get('continuation-token') ?? '';
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const left = keys.filter((key) => key > after);
    const page = left.slice(0, PAGE);
    const contents = page.map((key) => {
      const { content, modified } = this.objects.get(key) as S3Object;
      const time = modified.toISOString();
      return `<Contents><Key>${key}</Key><LastModified>${time}</LastModified><Size>${content.length}</Size></Contents>`;
    });
    const more = left.length > page.length ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    const body = `<IsTruncated>${more !== ''}</IsTruncated>${contents.join('')}${more}`;
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><ListBucketResult>${body}</ListBucketResult>`);
  }
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

/** Started, and named in the environment as the SDK reads it, until the end of the test. */
export async function s3StandIn(t: Test, bucket = 'proofs'): Promise<S3StandIn> {
  const server = createServer((request, response) => {
    standIn.answer(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const standIn = new S3StandIn(url, bucket);
  const variables = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'eu-test-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  Object.assign(process.env, variables);
  t.teardown(async () => {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return standIn;
}
