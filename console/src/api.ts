/** How the screens reach the API: the key of this tab, problems as errors, pages, and streams of server-sent events. */
import type { Problem } from './types.js';

const KEY = 'orderlog-key';
let key = sessionStorage.getItem(KEY);
const denied = new Set<() => void>();

/** The key is kept for this tab only. */
export function signIn(value: string): void {
  key = value;
  sessionStorage.setItem(KEY, value);
}

export function signOut(): void {
  key = null;
  sessionStorage.removeItem(KEY);
  for (const tell of denied) tell();
}

export const isSignedIn = (): boolean => key !== null;

/** @param tell is called when the API asks for a key, or no longer accepts the one that there is */
export function onDenied(tell: () => void): () => void {
  denied.add(tell);
  return () => denied.delete(tell);
}

/** What the API refused, in its own words. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = 'ProblemError';
  }
}

export type Query = Readonly<Record<string, string | number | undefined | null>>;

export interface Options {
  readonly query?: Query;
  readonly body?: unknown;
  readonly form?: FormData;
  /** A revision: the command runs only on it. */
  readonly ifMatch?: number;
  readonly signal?: AbortSignal;
  readonly accept?: string;
  /** Statuses that are an answer, although they say that something is wrong. */
  readonly allow?: readonly number[];
}

export interface Answer<T> {
  readonly data: T;
  readonly next: string | null;
  readonly headers: Headers;
}

/** The position of the last command of this tab: what is read afterwards shows it. */
let written: string | null = null;

/** 128 random bits. `crypto.randomUUID` is missing on pages that are not served over TLS. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export async function request(method: string, path: string, options: Options = {}): Promise<Response> {
  const { query, body, form, ifMatch, signal, accept, allow } = options;
  const headers = new Headers({ accept: accept ?? 'application/json' });
  if (key !== null) headers.set('authorization', `Bearer ${key}`);
  if (ifMatch !== undefined) headers.set('if-match', `"${ifMatch}"`);
  if (method !== 'GET') headers.set('idempotency-key', newKey());
  else if (written !== null && path.startsWith('/v1/') && !query?.['as_of']) {
    headers.set('min-log-position', written);
    headers.set('prefer', 'wait=5, handling=lenient');
  }
  if (body !== undefined) headers.set('content-type', 'application/json');
  const payload = form ?? (body === undefined ? null : JSON.stringify(body));
  const response = await fetch(path + searchOf(query), {
    method,
    headers,
    body: payload,
    signal: signal ?? null,
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Error('Orderlog cannot be reached. Check that it runs, then try again.', { cause: error });
  });
  if (response.ok || allow?.includes(response.status)) {
    if (method !== 'GET') written = response.headers.get('log-position') ?? written;
    return response;
  }
  const problem = await problemOf(response);
  if (response.status === 401) for (const tell of denied) tell();
  throw new ProblemError(problem);
}

export async function call<T>(method: string, path: string, options?: Options): Promise<Answer<T>> {
  const response = await request(method, path, options);
  const text = response.status === 204 ? '' : await response.text();
  const parsed = (text === '' ? {} : JSON.parse(text)) as { data?: T; next?: string | null };
  return { data: (parsed.data ?? parsed) as T, next: parsed.next ?? null, headers: response.headers };
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer<T>> =>
  call('GET', path, { ...(query && { query }), ...(signal && { signal }) });

function searchOf(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { status: response.status, code: 'unknown', title: `The API answered ${response.status}.` };
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export interface StreamOptions {
  readonly query?: Query;
  /** Resumes behind it. */
  readonly lastId?: string;
  readonly signal: AbortSignal;
  readonly onOpen?: () => void;
  /** Also a heartbeat can name how far the stream is. */
  readonly onId?: (id: string) => void;
}

/** Reads `text/event-stream` until it ends. `EventSource` can't send the key. */
export async function* serverEvents(path: string, options: StreamOptions): AsyncGenerator<ServerEvent> {
  const { query, lastId, signal, onOpen, onId } = options;
  const headers = new Headers({ accept: 'text/event-stream' });
  if (key !== null) headers.set('authorization', `Bearer ${key}`);
  if (lastId !== undefined) headers.set('last-event-id', lastId);
  const response = await fetch(path + searchOf(query), { headers, signal });
  if (!response.ok || !response.body) throw new ProblemError(await problemOf(response));
  onOpen?.();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = eventOf(block);
      if (event.data !== '') yield event;
      else if (event.id !== '') onId?.(event.id);
    }
  }
}

function eventOf(block: string): ServerEvent {
  const fields = { id: '', event: 'message', data: '' };
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === 'data') fields.data += value;
    else if (name === 'id' || name === 'event') fields[name] = value;
  }
  return fields;
}
