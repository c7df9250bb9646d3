/** The history of one thing, from its events alone. */
import type { CommandHandler } from '../core/command-handler.js';
import { StreamNotFound } from '../core/errors.js';
import { type EventTypes, withoutSecrets } from '../core/event-type.js';
import type { Fact, JsonValue } from '../core/message.js';
import { orderStream } from '../order/stream.js';
import { productStream } from '../product/stream.js';
import { userStream } from '../user/stream.js';
import { type CommandResult, PrintedInPart, WrongUse } from './output.js';
import { type Frame, Printed } from './printed.js';

export type AuditedKind = 'order' | 'user' | 'product';

const streams: Readonly<Record<AuditedKind, { readonly name: (id: string) => string; readonly types: EventTypes }>> = {
  order: orderStream,
  user: userStream,
  product: productStream,
};

/** One event as auditors see it: personal fields in the clear, or null once the key is gone. */
export interface AuditEntry {
  readonly revision: number;
  readonly type: string;
  readonly recorded_at: string;
  readonly actor: { readonly kind: string; readonly id: string | null };
  readonly command_id: string;
  readonly correlation_id: string;
  readonly causation_id: string;
  readonly data: Readonly<Record<string, JsonValue>>;
}

/** Oldest first, a page of the stream at a time. @throws StreamNotFound */
export async function* audit(
  handler: CommandHandler,
  kind: AuditedKind,
  id: string,
  signal?: AbortSignal,
): AsyncGenerator<AuditEntry> {
  const { name, types } = streams[kind];
  for await (const recorded of handler.store.read(name(id), { ...(signal && { signal }) })) {
    const { revision, type, recordedAt, metadata, data } = await handler.open<Fact>(recorded, types);
    const { actor, command_id, correlation_id, causation_id } = metadata;
    const entry = { revision, type, recorded_at: recordedAt, actor, command_id, correlation_id, causation_id };
    yield { ...entry, data: withoutSecrets(data, types[type]) };
  }
}

export interface AuditWish {
  readonly kind: AuditedKind;
  readonly id: string;
  readonly json: boolean;
}

/**
 * Prints the audit as it is read, however long it is: for people an event a paragraph, or one JSON document.
 * @throws WrongUse for what has no events, and PrintedInPart where something has been printed already
 */
export async function printAudit(
  { handler }: { readonly handler: CommandHandler },
  { kind, id, json }: AuditWish,
  output: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<CommandResult> {
  const printed = new Printed(output, (json ? documentFrame : textFrame)(kind, id));
  try {
    for await (const entry of audit(handler, kind, id, AbortSignal.any([signal, printed.unread]))) {
      await printed.add(json ? JSON.stringify(entry) : paragraph(entry));
    }
    signal.throwIfAborted();
  } catch (error) {
    if (error instanceof StreamNotFound) throw new WrongUse(`there are no events of ${kind} ${id}`);
    if (printed.count === 0) throw error;
    printed.end();
    throw new PrintedInPart(error);
  }
  printed.end();
  return { document: undefined, text: '', exitCode: 0 };
}

function documentFrame(kind: AuditedKind, id: string): Frame {
  const head = JSON.stringify({ kind, id, stream: streams[kind].name(id), events: [] });
  return { before: head.slice(0, -']}'.length), between: ',\n ', after: ']}\n' };
}

function textFrame(kind: AuditedKind, id: string): Frame {
  return { before: `${kind} ${id} (stream ${streams[kind].name(id)})\n\n`, between: '\n\n', after: '\n' };
}

/** What, when, who, and why: the command, what that came from, and the request that all of it belongs to. */
function paragraph({ revision, type, recorded_at, actor, data, ...ids }: AuditEntry): string {
  const who = actor.id === null ? actor.kind : `${actor.kind} ${actor.id}`;
  const cause = ids.causation_id === ids.command_id ? '' : `, caused by ${ids.causation_id}`;
  return [
    `  ${revision}  ${type}  ${recorded_at}  by ${who}`,
    `      command ${ids.command_id}${cause}, correlation ${ids.correlation_id}`,
    ...Object.entries(data).map(([name, value]) => `      ${name}: ${shown(value)}`),
  ].join('\n');
}

function shown(value: JsonValue): string {
  if (!Array.isArray(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  return value.map((item) => `\n        - ${JSON.stringify(item)}`).join('');
}
