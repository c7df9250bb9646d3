/** A client that reads its own writes: every read waits for the place of the last write. */
export interface Sent {
  readonly json?: unknown;
  /** Sent as it is, as JSON unless a header says otherwise. */
  readonly text?: string | Buffer;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The body, if it is JSON. */
  readonly body: unknown;
  /** What stands under `data`. */
  readonly data: unknown;
}

export interface ProblemBody {
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export class Client {
  /** The place of the last write. */
  position: string | null = null;
  /** Seconds that a read waits for it, other than the server's own. */
  patience: number | null = null;

  constructor(
    readonly url: string,
    /** Sent with each request, unless it has an Authorization header itself. */
    readonly key: string | null = null,
  ) {}

  async send(method: string, path: string, { json, text, form, headers = {} }: Sent = {}): Promise<Answer> {
    const all = new Headers();
    if (this.key !== null) all.set('authorization', `Bearer ${this.key}`);
    if (json !== undefined || text !== undefined) all.set('content-type', 'application/json');
    if (method === 'GET' && this.position !== null) all.set('min-log-position', this.position);
    if (method === 'GET' && this.patience !== null) all.set('prefer', `wait=${this.patience}`);
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const body = form ?? (json === undefined ? text : JSON.stringify(json));
    const response = await fetch(this.url + path, { method, headers: all, ...(body !== undefined && { body }) });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '') && bytes.length > 0;
    const answer = isJson ? (JSON.parse(bytes.toString('utf8')) as object) : undefined;
    if (method !== 'GET' && response.ok) this.position = response.headers.get('log-position');
    const data = (answer as { data?: unknown } | undefined)?.data;
    return { status: response.status, headers: response.headers, bytes, body: answer, data };
  }

  /** @throws Error unless the answer is a success */
  async ok(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    const answer = await this.send(method, path, sent);
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${method} ${path}: ${answer.status} ${answer.bytes.toString('utf8')}`);
    }
    return answer;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, { headers });
  }
}

/** Sends a keyed request again for as long as the same request is still running. */
export async function answered(send: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await send();
    if (outcome(answer) !== '409 idempotency-in-flight') return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Status and code in one, for one assertion. */
export function outcome(answer: Answer): string {
  const code = (answer.body as Partial<ProblemBody> | undefined)?.code;
  return code === undefined ? String(answer.status) : `${answer.status} ${code}`;
}
