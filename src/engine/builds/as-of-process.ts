/** A process of its own in which as-of builds are made, at low priority and with a heap of its own (docs/decisions/0011). */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { EventStoreUnavailable } from '../core/errors.js';
import type { Position } from '../core/event-store.js';
import { UnreadableEvent } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import type { Connection } from '../postgres/session.js';
import type { AsOfBuild } from './as-of-registry.js';

/** Where the process finds the database and the log. */
export interface Stores {
  readonly connection: Connection;
  readonly eventStoreUrl: string | null;
  /** The server of the database runs on this machine: its processes give way too. */
  readonly embedded: boolean;
}

/** What the process is asked for. Sent over the channel: arguments can be seen by others. */
export interface BuildQuestion extends Stores {
  readonly model: string;
  readonly position: Position;
}

export type BuildAnswer = { readonly made: AsOfBuild } | { readonly failed: FailedBuild };

/** An error, as far as the waiting caller must know it. */
export interface FailedBuild {
  readonly name: string;
  readonly message: string;
  /** SQLSTATE, or of the system. */
  readonly code?: string | undefined;
  /** Of an event that can't be read. */
  readonly event?: Pick<RecordedEvent, 'stream' | 'revision' | 'position' | 'type' | 'id'> | undefined;
  readonly reason?: string | undefined;
}

/** The process ended before it answered. Another try is made by another process. */
export class BuilderDied extends Error {
  override readonly name = 'BuilderDied';
}

/** What the process keeps of objects; a build needs about a third of it. */
const HEAP_MB = 256;
/** To start one takes longer than to make a small build. */
const IDLE_MS = 60_000;

export class AsOfProcess {
  #child: ChildProcess | null = null;
  #idle: NodeJS.Timeout | undefined;

  /** @param script what the process runs */
  constructor(
    private readonly script: string,
    private readonly stores: Stores,
  ) {}

  /** One at a time. The signal ends the process. @throws BuilderDied, and what making a build throws */
  async build(model: string, position: Position, signal: AbortSignal): Promise<AsOfBuild> {
    signal.throwIfAborted();
    clearTimeout(this.#idle);
    const child = (this.#child ??= this.#start());
    const end = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', end, { once: true });
    const settled = new AbortController();
    try {
      const answered = once(child, 'message', { signal: settled.signal }) as Promise<[BuildAnswer]>;
      const ended = once(child, 'exit', { signal: settled.signal }) as Promise<[number | null, string | null]>;
      const question: BuildQuestion = { ...this.stores, model, position };
      // One that can't be sent to has ended, or is about to.
      child.send(question, () => undefined);
      const [answer, ofSignal] = await Promise.race([answered, ended]);
      signal.throwIfAborted();
      if (typeof answer !== 'object' || answer === null)
        throw new BuilderDied(`the process that makes as-of builds ended (${ofSignal ?? answer})`);
      if ('failed' in answer) throw errorOf(answer.failed);
      return answer.made;
    } finally {
      settled.abort();
      signal.removeEventListener('abort', end);
      this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    }
  }

  /** Resolves when the process has ended. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const child = this.#child;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  #start(): ChildProcess {
    const child = fork(this.script, [], {
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const gone = (): void => {
      if (this.#child === child) this.#child = null;
    };
    child.once('exit', gone);
    child.on('error', () => {
      // One that could not be started has no exit of its own.
      if (child.pid === undefined) child.emit('exit', null, 'it could not be started');
    });
    return child;
  }
}

export function failedBuild(error: unknown): FailedBuild {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message } = error;
  const { code } = error as { code?: unknown };
  const of = error instanceof UnreadableEvent ? { event: error.event, reason: error.reason } : {};
  return { name, message, ...(typeof code === 'string' && { code }), ...of };
}

function errorOf({ name, message, code, event, reason = message }: FailedBuild): Error {
  if (name === 'EventStoreUnavailable') return new EventStoreUnavailable(message);
  if (event) return new UnreadableEvent(event, reason);
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
