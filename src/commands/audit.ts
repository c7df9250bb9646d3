/** `orderlog audit`: the history of one thing, from its events alone. */
import { type Command, InvalidArgumentError } from 'commander';
import {
  type CommandHandler,
  type Engine,
  errors,
  type EventTypes,
  print,
  type RecordedEvent,
} from '../engine/index.js';
import { orderStream } from '../order/stream.js';
import { productStream } from '../product/stream.js';
import { userStream } from '../user/stream.js';
import { type Outlet, stdout } from './outlet.js';
import { type CommandResult, jsonOption, PrintedInPart, WrongUse } from './output.js';
import { type Frame, Printed } from './printed.js';
import type { Run } from './run.js';

type JsonObject = RecordedEvent['data'];
type JsonValue = JsonObject[string];

export type AuditedKind = 'order' | 'user' | 'product';

const streams: Readonly<Record<AuditedKind, { readonly name: (id: string) => string; readonly types: EventTypes }>> = {
  order: orderStream,
  user: userStream,
  product: productStream,
};

export interface AuditRuntime {
  readonly handler: CommandHandler;
  readonly engine: Pick<Engine, 'seals'>;
}

export function addAudit(program: Command, run: Run<AuditRuntime>): void {
  program
    .command('audit')
    .description(
      'print the history of one order, user or product; an event that can not be read is marked and makes the exit code 1',
    )
    .argument('<kind>', 'order, user or product', (kind: string) => {
      if (kind === 'order' || kind === 'user' || kind === 'product') return kind;
      throw new InvalidArgumentError('It is order, user or product.');
    })
    .argument('<id>', 'its id')
    .addOption(jsonOption)
    .action((kind: AuditedKind, id: string, { json = false }: { json?: boolean }) =>
      run(json, {}, ({ handler, engine: { seals } }, signal) =>
        printAudit({ handler, seals }, { kind, id, json }, stdout, signal),
      ),
    );
}

/**
 * One event as auditors see it: personal fields in the clear, or null once the key is gone. Who and why is null only where the
 * metadata of an event that can't be read do not say it.
 */
export interface AuditEntry {
  readonly revision: number;
  readonly type: string;
  readonly recorded_at: string;
  readonly actor: { readonly kind: string; readonly id: string | null } | null;
  readonly command_id: string | null;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly data: JsonObject;
  /** Why the event can't be read; absent in all others. */
  readonly unreadable?: string;
  /** Of an event that a seal of the log covers: whether it still fits. */
  readonly seal?: 'fits' | 'does-not-fit';
}

type AuditedSeals = Pick<NonNullable<Engine['seals']>, 'standings'>;

/** Oldest first, a page of the stream at a time. @throws errors.StreamNotFound */
export async function* audit(
  handler: CommandHandler,
  kind: AuditedKind,
  id: string,
  { signal, seals }: { readonly signal?: AbortSignal; readonly seals?: AuditedSeals | null } = {},
): AsyncGenerator<AuditEntry> {
  const { name, types } = streams[kind];
  const standings = seals?.standings();
  for await (const recorded of handler.store.read(name(id), { ...(signal && { signal }) })) {
    const { revision, type, recordedAt } = recorded;
    const { data, metadata, unreadable } = await handler.history(recorded, types);
    const standing = (await standings?.of(recorded)) ?? null;
    yield {
      ...{ revision, type, recorded_at: recordedAt, ...whoAndWhy(metadata), data },
      ...(unreadable !== null && { unreadable }),
      ...(standing && { seal: standing }),
    };
  }
}

function whoAndWhy(metadata: JsonObject): Pick<AuditEntry, 'actor' | 'command_id' | 'correlation_id' | 'causation_id'> {
  const text = (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null);
  const { kind, id } = (metadata['actor'] ?? {}) as JsonObject;
  return {
    actor: typeof kind === 'string' ? { kind, id: text(id) } : null,
    command_id: text(metadata['command_id']),
    correlation_id: text(metadata['correlation_id']),
    causation_id: text(metadata['causation_id']),
  };
}

export interface AuditOptions {
  readonly kind: AuditedKind;
  readonly id: string;
  readonly json: boolean;
}

/**
 * Prints the audit as it is read, however long it is: for people an event a paragraph, or one JSON document. Events that can't be
 * read are a finding; a document that is cut off says so itself.
 * @throws WrongUse for what has no events, and PrintedInPart where something has been printed already
 */
export async function printAudit(
  { handler, seals }: { readonly handler: CommandHandler; readonly seals?: AuditedSeals | null },
  { kind, json, ...asked }: AuditOptions,
  output: Outlet,
  signal: AbortSignal,
): Promise<CommandResult> {
  // UUIDs are compared in lower case, as everywhere.
  const id = asked.id.toLowerCase();
  const printed = new Printed(output, (json ? documentFrame : textFrame)(kind, id));
  const unreadable: number[] = [];
  const misfits: number[] = [];
  let sealed = 0;
  try {
    const reading = { signal: AbortSignal.any([signal, printed.unread]), ...(seals && { seals }) };
    for await (const entry of audit(handler, kind, id, reading)) {
      await printed.add(json ? JSON.stringify(entry) : paragraph(entry));
      if (entry.unreadable !== undefined) unreadable.push(entry.revision);
      if (entry.seal === 'does-not-fit') misfits.push(entry.revision);
      if (entry.seal === 'fits') sealed += 1;
    }
    signal.throwIfAborted();
  } catch (error) {
    if (error instanceof errors.StreamNotFound) throw new WrongUse(`there are no events of ${kind} ${id}`);
    if (printed.count === 0) throw error;
    const cut = new PrintedInPart(error);
    await printed.end(json ? `],"error":${JSON.stringify({ name: cut.name, message: cut.message })}}\n` : undefined);
    throw cut;
  }
  const count = `\n\n${sealed} of ${print.plural(printed.count, 'event')} sealed and unchanged\n`;
  await printed.end(json || sealed + misfits.length === 0 ? undefined : count);
  const stream = streams[kind].name(id);
  const remarks = [
    ...(unreadable.length > 0 ? [remarkOn(stream, unreadable)] : []),
    ...(misfits.length > 0 ? [misfitRemark(stream, misfits)] : []),
  ];
  if (remarks.length === 0) return { document: undefined, text: '', exitCode: 0 };
  return { document: undefined, text: '', exitCode: 1, remark: remarks.join('; ') };
}

const MOST_NAMED = 5;

function remarkOn(stream: string, revisions: readonly number[]): string {
  return `all events are shown, but this version can not read ${namesOf(stream, revisions)}: what is shown of them is as stored`;
}

function misfitRemark(stream: string, revisions: readonly number[]): string {
  return `not as they were sealed: ${namesOf(stream, revisions)}. Run orderlog verify, and see docs/runbooks/altered-log.md`;
}

function namesOf(stream: string, revisions: readonly number[]): string {
  const named = revisions.slice(0, MOST_NAMED).map((revision) => `${stream}@${revision}`);
  return named.join(', ') + (revisions.length > MOST_NAMED ? ` and ${revisions.length - MOST_NAMED} more` : '');
}

function documentFrame(kind: AuditedKind, id: string): Frame {
  const head = JSON.stringify({ kind, id, stream: streams[kind].name(id), events: [] });
  return { before: head.slice(0, -']}'.length), between: ',\n ', after: ']}\n' };
}

function textFrame(kind: AuditedKind, id: string): Frame {
  return {
    before: `${print.safe(`${kind} ${id} (stream ${streams[kind].name(id)})`)}\n\n`,
    between: '\n\n',
    after: '\n',
  };
}

/** What, when, who, and why: the command, what that came from, and the request that all of it belongs to. */
function paragraph({ revision, type, recorded_at, actor, data, unreadable, seal, ...ids }: AuditEntry): string {
  const { kind, id } = actor ?? { kind: 'unknown', id: null };
  const who = id === null ? kind : `${kind} ${id}`;
  const cause = ids.causation_id === ids.command_id ? '' : `, caused by ${ids.causation_id ?? 'unknown'}`;
  return print.lines([
    `  ${revision}  ${type}  ${recorded_at}  by ${who}`,
    ...(unreadable === undefined ? [] : [`      CAN NOT BE READ: ${unreadable}`]),
    ...(seal === 'does-not-fit' ? ['      IS NOT WHAT WAS SEALED'] : []),
    `      command ${ids.command_id ?? 'unknown'}${cause}, correlation ${ids.correlation_id ?? 'unknown'}`,
    ...Object.entries(data).flatMap(([name, value]) => shown(print.shortened(name, MOST_CHARACTERS), value)),
  ]);
}

/** Of a value; `--json` has all of it. */
const MOST_CHARACTERS = 1_000;

function shown(name: string, value: JsonValue): string[] {
  const text = (one: JsonValue): string =>
    print.shortened(typeof one === 'string' ? one : JSON.stringify(one), MOST_CHARACTERS);
  if (!Array.isArray(value)) return [`      ${name}: ${text(value)}`];
  return [
    `      ${name}:`,
    ...value.map((item) => `        - ${print.shortened(JSON.stringify(item), MOST_CHARACTERS)}`),
  ];
}
