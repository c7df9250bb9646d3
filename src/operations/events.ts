/** The log as it is stored, personal fields sealed. */
import type { EventStore, Position } from '../core/event-store.js';
import { START } from '../core/event-store.js';
import { StreamNotFound } from '../core/errors.js';
import type { RecordedEvent } from '../core/message.js';
import { type CommandResult, WrongUse } from './output.js';

export interface EventsOptions {
  readonly stream?: string;
  /** Of a stream: the first revision. Of the log: the token of the place to go on after. */
  readonly from?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

interface PrintDeps {
  readonly store: EventStore;
  readonly tokens: { encode(position: Position): string; decode(token: string): Position };
}

/**
 * Prints one JSON object a line as they come; with `json` one array at the end. Follows until the signal.
 * @throws WrongUse
 */
export async function printEvents(
  deps: PrintDeps,
  options: EventsOptions,
  output: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<CommandResult> {
  const all: object[] = [];
  let count = 0;
  try {
    for await (const event of source(deps, options, signal)) {
      count++;
      const { position, recordedAt, ...rest } = event;
      const shown = { position: deps.tokens.encode(position), recorded_at: recordedAt, ...rest };
      if (options.json) all.push(shown);
      else if (!output.write(`${JSON.stringify(shown)}\n`)) {
        await new Promise((resolve) => output.once('drain', resolve));
      }
    }
  } catch (error) {
    if (error instanceof StreamNotFound) throw new WrongUse(error.message);
    throw error;
  }
  return { document: all, text: `${count} events`, exitCode: 0 };
}

async function* source(
  { store, tokens }: PrintDeps,
  { stream, from, follow = false }: EventsOptions,
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent> {
  if (stream !== undefined) {
    const first = from === undefined ? 0 : revision(from);
    if (!follow) {
      yield* store.read(stream, { from: first });
      return;
    }
    for await (const page of store.subscribe({ from: START, filter: { streamPrefixes: [stream] }, signal })) {
      yield* page.events.filter((event) => event.stream === stream && event.revision >= first);
    }
    return;
  }
  const start = from === undefined ? START : tokens.decode(from);
  if (!follow) yield* store.readAll({ from: start, signal });
  else for await (const page of store.subscribe({ from: start, signal })) yield* page.events;
}

function revision(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new WrongUse(`--from ${text}: of a stream, it is a revision (0, 1, ...)`);
  return Number(text);
}
