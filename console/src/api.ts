/** How the screens reach the API: a session of the client with the key of this tab, and streams of server-sent events. */
import {
  type CallOptions,
  createClient,
  type Input,
  NoAnswerError,
  type OperationId,
  ProblemError,
} from '@orderlog/client';

export {
  type CallOptions,
  type Input,
  NoAnswerError,
  type OperationId,
  ProblemError,
  rolesOf,
  type Schemas,
} from '@orderlog/client';

const KEY = 'orderlog-key';
/** After that long a screen says that the server is away, instead of still trying. */
const RETRY_MS = 5_000;

let key = sessionStorage.getItem(KEY);
const denied = new Set<() => void>();

/** What is read waits for the last command of this tab, and so shows it. */
export const api = createClient({ token: () => key ?? undefined, fetch: send, retryForMs: RETRY_MS }).session();

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

async function send(request: Request): Promise<Response> {
  // A screen shows what a late read model has, rather than nothing. The shell tells that it is late.
  if (request.headers.has('min-log-position')) request.headers.set('prefer', 'wait=5, handling=lenient');
  const response = await fetch(request);
  if (response.status === 401) for (const tell of denied) tell();
  return response;
}

/** The key of a command that may have taken effect: sent again with it, it takes effect once. */
export function sameAgain(error: unknown): CallOptions {
  const mayHaveWorked = error instanceof NoAnswerError;
  return mayHaveWorked && error.idempotencyKey !== null ? { idempotencyKey: error.idempotencyKey } : {};
}

/** The role of the key may not do it. */
export const isDenied = (error: Error | undefined): boolean => error instanceof ProblemError && error.status === 403;

/** The answer comes later by itself, for example when a moment of the past is looked at for the first time. */
export const isBehind = (error: Error | undefined): boolean =>
  error instanceof ProblemError && error.code === 'read-model-behind';

/** An answer whose head may say how many quarantined keys affect it. */
export interface Degradable {
  readonly response: Response;
}

export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export interface StreamOptions {
  /** Resumes behind it. */
  readonly lastId?: string;
  readonly signal: AbortSignal;
  readonly onOpen?: () => void;
  /** Also a heartbeat can name how far the stream is. */
  readonly onId?: (id: string) => void;
}

/** Reads `text/event-stream` until it ends. `EventSource` can't send the key. */
export async function* serverEvents<Id extends OperationId>(
  id: Id,
  input: Input<Id>,
  { lastId, signal, onOpen, onId }: StreamOptions,
): AsyncGenerator<ServerEvent> {
  const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) };
  const response = await (api.raw as Raw)(id, input, { headers, signal });
  if (!response.body) return;
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

/** Whether input may be left out depends on the operation, which is not known here. */
type Raw = (id: OperationId, input: object, options: CallOptions) => Promise<Response>;

function eventOf(block: string): ServerEvent {
  const fields = { id: '', event: 'message', data: '' };
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === 'data') fields.data += value;
    else if (name === 'id' || name === 'event') fields[name] = value;
  }
  return fields;
}
