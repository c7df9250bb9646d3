import { z } from 'zod';
import { bounds, type CommandHandler, errors, type EventTypes, type RecordedEvent, Refusal } from '../engine/index.js';
import type { ProblemCode } from './problem-codes.js';
import { queryHead } from './answers.js';
import type { App } from './app-type.js';
import { type Cursors, listAnswer } from './list.js';
import type { PositionTokens } from './position-token.js';
import { listOf, listQuery, revision, time, uuid } from './schemas.js';

export interface StreamEventDeps {
  readonly handler: CommandHandler;
  readonly tokens: PositionTokens;
  readonly cursors: Cursors;
}

export interface AuditedStreams {
  /** `/v1/<things>/:id/events` */
  readonly things: string;
  /** One of them, as names of operations have it. */
  readonly thing: string;
  /** What the stream is of, where it is a part of the thing: `/v1/<things>/:id/<part>/events`. */
  readonly part?: string;
  /** Of the id in the path; a UUID if left out, null where there is one stream of all things: `/v1/<things>/events`. */
  readonly id?: z.ZodType<string | number> | null;
  readonly name: (id: string) => string;
  readonly types: EventTypes;
  /** Null: a stream without events has none to show. */
  readonly notFound: ProblemCode | null;
  /** Where the thing can be there without its part: how a thing that is not there is told apart. */
  readonly unknown?: { readonly code: ProblemCode; readonly isKnown: (id: string) => Promise<boolean> };
  /** Types of events that do not make a thing: a stream of nothing else is an unknown one. */
  readonly notYet: readonly string[];
}

export const recordedEvent = z
  .strictObject({
    type: z.string(),
    /** Personal fields in the clear, or null once the user is erased. */
    data: z.record(z.string(), z.unknown()),
    metadata: z.record(z.string(), z.unknown()),
    revision,
    position: z.string(),
    recorded_at: time,
    unreadable: z
      .string()
      .optional()
      .meta({
        description:
          'Why this version can not read the event; absent in all others. Its `data` and `metadata` are then as stored, ' +
          'without what is sealed, personal or secret.',
      }),
  })
  .meta({ id: 'RecordedEvent' });

export type RecordedAnswer = z.infer<typeof recordedEvent>;

/** An event as an audit shows it. */
export async function answerRecorded(
  { handler, tokens }: Pick<StreamEventDeps, 'handler' | 'tokens'>,
  recorded: RecordedEvent,
  types: EventTypes,
): Promise<RecordedAnswer> {
  const { type, revision, position, recordedAt } = recorded;
  const { data, metadata, unreadable } = await handler.history(recorded, types);
  return {
    ...{ type, data, metadata, revision },
    position: tokens.encode(position),
    recorded_at: recordedAt,
    ...(unreadable !== null && { unreadable }),
  };
}

/** The events of one thing, oldest first, for audit. */
export function streamEventRoute(app: App, streams: AuditedStreams, deps: StreamEventDeps): void {
  const { handler, tokens, cursors } = deps;
  const { notFound, unknown, id: idSchema = uuid } = streams;
  const idName = `${streams.things.slice(0, -1)}_id`;
  const path = [streams.things, ...(idSchema ? [`:${idName}`] : []), ...(streams.part ? [streams.part] : []), 'events'];
  app.get(
    `/v1/${path.join('/')}`,
    {
      config: { kind: 'query', problems: [...(notFound ? [notFound] : []), ...(unknown ? [unknown.code] : [])] },
      schema: {
        operationId: `list${streams.thing}Events`,
        summary: `The recorded events, oldest first`,
        tags: [streams.part ?? streams.things],
        params: z.strictObject(idSchema ? { [idName]: idSchema } : {}),
        querystring: listQuery,
        response: { 200: listOf(recordedEvent) },
      },
    },
    async (request, reply) => {
      const [id = ''] = Object.values(request.params as Record<string, string | number>).map(String);
      const { limit, cursor } = request.query;
      const list = `events ${streams.part ?? streams.things} ${id}`;
      const from = cursors.decode(list, z.int().min(0), cursor) ?? 0;
      const events: RecordedAnswer[] = [];
      let isThing = from > 0;
      let bytes = 0;
      let next: number | null = null;
      try {
        for await (const recorded of handler.store.read(streams.name(id), { from, limit: limit + 1 })) {
          isThing ||= !streams.notYet.includes(recorded.type);
          if (events.length === limit || bytes >= bounds.listBytes) {
            next = recorded.revision;
            break;
          }
          bytes += bounds.sizeOf(recorded.data);
          events.push(await answerRecorded(deps, recorded, streams.types));
          queryHead(reply, tokens, recorded);
        }
      } catch (error) {
        if (!(error instanceof errors.StreamNotFound)) throw error;
      }
      if (!isThing && unknown && !(await unknown.isKnown(id))) {
        throw new Refusal(unknown.code, 'There is nothing of this id.');
      }
      if (!isThing && notFound) throw new Refusal(notFound, 'There are no events of this id.');
      return listAnswer(request, reply, events, next === null ? null : cursors.encode(list, next));
    },
  );
}
