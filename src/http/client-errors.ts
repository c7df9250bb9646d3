import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, problemDocument } from './problem.js';
import { type ProblemCode, problemKind } from './problem-codes.js';
import { requestId } from './request-id.js';
import { SECURITY_HEADERS } from './security-headers.js';

const CODES: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload-too-large',
};

/** As Node reports it: with the bytes that it could not read. */
type ClientError = Error & { readonly code?: string; readonly rawPacket?: unknown };

const CLOSE_AFTER_MS = 1_000;

/** Answers bytes that are not HTTP, then closes the connection. */
export class ClientErrors {
  readonly #underWay = new WeakMap<Duplex, Map<ServerResponse, IncomingMessage>>();
  /** Every later byte on such a connection is reported as an error again. */
  readonly #broken = new WeakSet<Duplex>();

  /** Call before the server accepts connections. */
  watch(server: Server): void {
    server.prependListener('request', (request, response) => {
      const all = this.#underWay.get(request.socket) ?? new Map<ServerResponse, IncomingMessage>();
      this.#underWay.set(request.socket, all.set(response, request));
      response.once('close', () => all.delete(response));
    });
  }

  answer(error: ClientError, socket: Duplex): void {
    if (this.#broken.has(socket)) return;
    this.#broken.add(socket);
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    // Requests that arrived whole before the error may have taken effect, so their responses go out first.
    // A request that is broken itself is still waited for if its response has begun.
    const waited = [...(this.#underWay.get(socket) ?? [])].filter(
      ([response, request]) => request.complete || response.headersSent,
    );
    let left = waited.length;
    const answered = waited.some(([, request]) => !request.complete);
    const end = (): void => {
      if (socket.writable) hangUp(socket, answered ? '' : problemBytes(error));
    };
    for (const [response] of waited) response.once('close', () => --left === 0 && end());
    if (left === 0) end();
  }
}

function hangUp(socket: Duplex, lastBytes: string): void {
  socket.end(lastBytes);
  // Closing with unread bytes would reset the connection and lose the response.
  socket.resume();
  setTimeout(() => socket.destroy(), CLOSE_AFTER_MS).unref();
}

function problemBytes(error: ClientError): string {
  const code = CODES[error.code ?? ''] ?? 'invalid-request';
  const detail = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'The request did not arrive in time.' : undefined;
  const malformed = code === 'invalid-request' ? 'The request is not HTTP.' : undefined;
  const id = requestId({ headers: {} });
  const body = JSON.stringify(problemDocument(new Problem(code, detail ?? malformed), id));
  const { status } = problemKind(code);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ];
  // A client that sent a HEAD would take a body for the next response.
  const isHead = Buffer.isBuffer(error.rawPacket) && error.rawPacket.toString('latin1', 0, 5) === 'HEAD ';
  return `${head.join('\r\n')}\r\n\r\n${isHead ? '' : body}`;
}
