/** One call: what it sends, its attempts, and what comes of each. */
import createFetchClient from 'openapi-fetch';
import { NoAnswerError, ProblemError } from './errors.js';
import { isForLater, pauseMs, sleep } from './retry.js';
import type { CallOptions, Problem } from './types.js';

export interface ClientOptions {
  /** Of the server. Left out in a browser: the page's own. */
  readonly baseUrl?: string | undefined;
  /** An API key or a JWT, or a function that gets one for each attempt, or none. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>) | undefined;
  /** How long after its start a call is still tried again; 0 for never. */
  readonly retryForMs?: number | undefined;
  /** How long one attempt may take. */
  readonly attemptTimeoutMs?: number | undefined;
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly body?: 'json' | 'form';
  readonly answer: 'json' | 'list' | 'text' | 'blob';
  /** Its 503 is an answer like its 200, no problem. */
  readonly answers503?: boolean;
}

export interface Call {
  readonly operation: Operation;
  readonly input: Readonly<Record<string, unknown>>;
  readonly options: CallOptions;
  /** Leaves the body of the response to the caller. */
  readonly raw: boolean;
}

export interface Answered {
  readonly response: Response;
  readonly body: unknown;
}

export type Send = (call: Call) => Promise<Answered>;

type Outcome =
  | { readonly answered: Answered }
  | { readonly answered: null; readonly error: ProblemError | NoAnswerError; readonly isForLater: boolean };

/** As openapi-fetch is called here; `types.ts` has the types that callers see. */
type SendOnce = (method: string, path: string, init: object) => Promise<{ error?: unknown; response: Response }>;

export function sender(options: ClientOptions): Send {
  const { baseUrl = '', token, retryForMs = 30_000, attemptTimeoutMs = 60_000 } = options;
  // A list in a query is one parameter, its items separated by commas.
  const http = createFetchClient({ baseUrl, querySerializer: { array: { style: 'form', explode: false } } });
  const sendOnce = http.request as unknown as SendOnce;

  const attempt = async (call: Call, key: string | null): Promise<Outcome> => {
    const { operation, raw } = call;
    const { signal } = call.options;
    const bearer = typeof token === 'function' ? await token() : token;
    const controller = new AbortController();
    const stop = (): void => controller.abort(signal?.reason);
    const timer = setTimeout(
      () => controller.abort(new DOMException(`no answer within ${attemptTimeoutMs} ms`, 'TimeoutError')),
      attemptTimeoutMs,
    );
    let isSent = false;
    try {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', stop, { once: true });
      const { error, response } = await sendOnce(operation.method, operation.path, {
        ...partsOf(call),
        headers: headersOf(call.options, key, bearer),
        signal: controller.signal,
        parseAs: 'stream',
        fetch: (request: Request) => {
          isSent = true;
          return (options.fetch ?? globalThis.fetch)(request);
        },
      });
      return await outcomeOf(call, key, response, error);
    } catch (error) {
      signal?.throwIfAborted();
      // Nothing was sent: the input or the options are at fault.
      if (!isSent) throw error;
      const noAnswer = new NoAnswerError(`${nameOf(operation)} got no answer: ${reasonOf(error)}`, error, null, key);
      return { answered: null, error: noAnswer, isForLater: true };
    } finally {
      clearTimeout(timer);
      // The body of a raw response is still to come: the signal ends it, too.
      if (!raw) signal?.removeEventListener('abort', stop);
    }
  };

  return async (call) => {
    const key = call.operation.method === 'GET' ? null : (call.options.idempotencyKey ?? newKey());
    const end = performance.now() + retryForMs;
    for (let attempts = 0; ; attempts += 1) {
      const outcome = await attempt(call, key);
      if (outcome.answered) return outcome.answered;
      const pause = pauseMs(attempts, outcome.error.response);
      if (!outcome.isForLater || performance.now() + pause > end) throw outcome.error;
      await sleep(pause, call.options.signal);
    }
  };
}

/** 128 random bits. `crypto.randomUUID` is missing on pages that are not served over TLS. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Fields of the path by its template, the others into the body or, without one, into the query. */
function partsOf({ operation: { method, path, body }, input }: Call): object {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const isInPath = ([name]: readonly [string, unknown]): boolean => path.includes(`{${name}}`);
  const params = { path: Object.fromEntries(given.filter(isInPath)) };
  refuseOtherPath(params.path);
  const others = given.filter((field) => !isInPath(field));
  if (body === undefined) return { params: { ...params, query: Object.fromEntries(others) } };
  // A merge patch without a field changes nothing, but is a body. Other bodies that may be empty may be left out.
  if (others.length === 0 && method !== 'PATCH') return { params };
  return { params, body: body === 'form' ? formOf(others) : Object.fromEntries(others) };
}

/** What a URL does not keep as a part of its path: the orders of the user `..` would be the orders of everybody. */
const LOST_IN_URL = /^\.{0,2}$/;

/** @throws TypeError */
function refuseOtherPath(fields: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (LOST_IN_URL.test(String(value)))
      throw new TypeError(`${name} is ${JSON.stringify(value)}, which names nothing in a URL: give an id`);
  }
}

function formOf(fields: readonly (readonly [string, unknown])[]): FormData {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value instanceof Blob ? value : String(value));
  return form;
}

function headersOf(options: CallOptions, key: string | null, bearer: string | undefined): Record<string, string> {
  const { ifMatch, minLogPosition } = options;
  return {
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(key !== null && { 'idempotency-key': key }),
    ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
    ...(typeof minLogPosition === 'string' && { 'min-log-position': minLogPosition }),
    ...options.headers,
  };
}

async function outcomeOf(call: Call, key: string | null, response: Response, error: unknown): Promise<Outcome> {
  const { operation, raw } = call;
  const { status } = response;
  if (raw && (response.ok || status === 304)) return { answered: { response, body: undefined } };
  if (response.ok && isExpected(operation, response)) {
    return { answered: { response, body: await bodyOf(operation, response) } };
  }
  if (operation.answers503 && status === 503 && isJson(response)) return { answered: { response, body: error } };
  if (isProblem(error)) {
    return {
      answered: null,
      error: new ProblemError(error, response, key),
      isForLater: isForLater(response, error.code),
    };
  }
  const found = `${status} ${response.headers.get('content-type') ?? 'without a type'}`;
  const what = `${nameOf(operation)} got ${found}, which is no answer of Orderlog: check baseUrl and what stands between`;
  return {
    answered: null,
    error: new NoAnswerError(what, undefined, response, key),
    isForLater: isForLater(response, null),
  };
}

function isExpected({ answer }: Operation, response: Response): boolean {
  return response.status === 204 || answer === 'text' || answer === 'blob' || isJson(response);
}

function bodyOf({ answer }: Operation, response: Response): Promise<unknown> | undefined {
  if (response.status === 204) return undefined;
  if (answer === 'blob') return response.blob();
  return answer === 'text' ? response.text() : response.json();
}

function isJson(response: Response): boolean {
  return response.headers.get('content-type')?.includes('application/json') ?? false;
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'request_id' in body;
}

function nameOf({ method, path }: Operation): string {
  return `${method} ${path}`;
}

/** Node says the reason of "fetch failed" in its cause only. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
