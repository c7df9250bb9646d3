/** The history of one thing, from its events alone. */
import type { CommandHandler } from '../core/command-handler.js';
import { StreamNotFound } from '../core/errors.js';
import { type EventTypes, withoutSecrets } from '../core/event-type.js';
import type { Fact, JsonValue } from '../core/message.js';
import { orderStream } from '../order/stream.js';
import { productStream } from '../product/stream.js';
import { userStream } from '../user/stream.js';
import { type CommandResult, WrongUse } from './output.js';

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

export interface Audit {
  readonly kind: AuditedKind;
  readonly id: string;
  readonly stream: string;
  readonly events: readonly AuditEntry[];
}

/** @throws StreamNotFound */
export async function audit(handler: CommandHandler, kind: AuditedKind, id: string): Promise<Audit> {
  const { name, types } = streams[kind];
  const stream = name(id);
  const events: AuditEntry[] = [];
  for await (const recorded of handler.store.read(stream)) {
    const { revision, type, recordedAt, metadata, data } = await handler.open<Fact>(recorded, types);
    const { actor, command_id, correlation_id, causation_id } = metadata;
    const entry = { revision, type, recorded_at: recordedAt, actor, command_id, correlation_id, causation_id };
    events.push({ ...entry, data: withoutSecrets(data, types[type]) });
  }
  return { kind, id, stream, events };
}

/** @throws WrongUse for what has no events */
export async function auditResult(
  { handler }: { readonly handler: CommandHandler },
  kind: AuditedKind,
  id: string,
): Promise<CommandResult> {
  try {
    const document = await audit(handler, kind, id);
    return { document, text: auditText(document), exitCode: 0 };
  } catch (error) {
    if (error instanceof StreamNotFound) throw new WrongUse(`there are no events of ${kind} ${id}`);
    throw error;
  }
}

/** The audit for people: an event a paragraph, oldest first. */
function auditText({ kind, id, stream, events }: Audit): string {
  const paragraphs = events.map((event) => {
    const who = event.actor.id === null ? event.actor.kind : `${event.actor.kind} ${event.actor.id}`;
    const fields = Object.entries(event.data).map(([name, value]) => `      ${name}: ${shown(value)}`);
    return [
      `  ${event.revision}  ${event.type}  ${event.recorded_at}  by ${who}`,
      `      command ${event.command_id}, correlation ${event.correlation_id}`,
      ...fields,
    ].join('\n');
  });
  return [`${kind} ${id} (stream ${stream}), ${events.length} events`, ...paragraphs].join('\n\n');
}

function shown(value: JsonValue): string {
  if (!Array.isArray(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  return value.map((item) => `\n        - ${JSON.stringify(item)}`).join('');
}
