import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, problemDocument } from './problem.js';
import { type ProblemCode, problemKind } from './problem-codes.js';
import { requestId } from './request-id.js';
import { SECURITY_HEADERS } from './security-headers.js';

const CODES: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload-too-large',
};

const CLOSE_AFTER_MS = 1_000;

/** Answers what is not HTTP, before there is a request to reply to, and hangs up. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex & { bytesWritten?: number }): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
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
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // Hanging up with bytes unread would reset the connection, and the answer with it.
  socket.resume();
  setTimeout(() => socket.destroy(), CLOSE_AFTER_MS).unref();
}
