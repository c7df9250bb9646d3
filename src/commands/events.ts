/** `orderlog events`: the log as it is stored, personal fields sealed. */
import { type Command, Option } from 'commander';
import {
  type Engine,
  errors,
  type EventStore,
  type Position,
  print,
  type RecordedEvent,
  START,
} from '../engine/index.js';
import { streamPrefixes } from '../streams.js';
import { type Outlet, stdout } from './outlet.js';
import { type CommandResult, PrintedInPart, WrongUse } from './output.js';
import { Printed } from './printed.js';
import type { Run } from './run.js';

/** A server may hold streams of other applications. */
const OURS = { streamPrefixes };

const LINES = { before: '', between: '', after: '' };
const ARRAY = { before: '[', between: ',\n ', after: ']\n' };

export interface EventsOptions {
  readonly stream?: string;
  /** Of a stream: the first revision. Of the log: the token of the position to begin after. */
  readonly from?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

interface PrintDeps {
  readonly store: EventStore;
  readonly engine: Pick<Engine, 'resolvePoint'>;
  readonly tokens: { encode(position: Position): string; decode(token: string): Position };
}

export function addEvents(program: Command, run: Run<PrintDeps>): void {
  program
    .command('events')
    .description('print the events of the log as they are stored')
    .option('--stream <name>', 'one stream only')
    .option('--from <position>', 'of the log: after this token; of a stream: from this revision on')
    .option('--follow', 'then print new events as they are appended')
    .addOption(new Option('--json', 'print exactly one JSON document (an array)'))
    .action((options: { stream?: string; from?: string; follow?: boolean; json?: boolean }) =>
      run(options.json ?? false, {}, (runtime, signal) => printEvents(runtime, options, stdout, signal)),
    );
}

/**
 * Prints the events as they come: one JSON object a line, or with `json` one array. Follows until the signal, or until
 * nobody reads any more (`| head`).
 * @throws WrongUse, and PrintedInPart where something has been printed already
 */
export async function printEvents(
  deps: PrintDeps,
  options: EventsOptions,
  output: Outlet,
  signal: AbortSignal,
): Promise<CommandResult> {
  const printed = new Printed(output, options.json ? ARRAY : LINES);
  try {
    for await (const event of source(deps, options, AbortSignal.any([signal, printed.unread]))) {
      const { position, recordedAt, ...rest } = event;
      const text = JSON.stringify({ position: deps.tokens.encode(position), recorded_at: recordedAt, ...rest });
      // Who follows lines has each of them whole at once.
      await printed.add(options.json ? text : `${text}\n`);
      if (printed.unread.aborted) break;
    }
  } catch (error) {
    if (error instanceof errors.StreamNotFound) throw new WrongUse(error.message);
    if (printed.count === 0) throw error;
    await printed.end();
    throw new PrintedInPart(error);
  }
  await printed.end();
  return { document: undefined, text: '', exitCode: 0 };
}

async function* source(
  { store, engine, tokens }: PrintDeps,
  { stream, from, follow = false }: EventsOptions,
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent> {
  if (stream !== undefined) {
    if (!streamPrefixes.some((prefix) => stream.startsWith(prefix))) {
      throw new WrongUse(
        `${print.quoted(stream)} is no stream of Orderlog: their names begin with ${streamPrefixes.join(', ')}`,
      );
    }
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
  const start = from === undefined ? START : await positionOf(engine, tokens, from);
  if (!follow) yield* store.readAll({ from: start, filter: OURS, signal });
  else for await (const page of store.subscribe({ from: start, filter: OURS, signal })) yield* page.events;
}

function revision(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new WrongUse(`--from ${text}: of a stream, it is a revision (0, 1, ...)`);
  return Number(text);
}

async function positionOf(engine: PrintDeps['engine'], tokens: PrintDeps['tokens'], from: string): Promise<Position> {
  try {
    return await engine.resolvePoint(from, tokens, null);
  } catch (error) {
    if (!(error instanceof errors.BadPoint)) throw error;
    throw new WrongUse(`--from ${from}: of the log, it ${error.message}`, { cause: error });
  }
}
