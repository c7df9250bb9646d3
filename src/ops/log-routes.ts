/** The whole log for those who look after it: a list, newest first, and its tail as server-sent events (docs/decisions/0028). */
import { z } from 'zod';
import {
  bounds,
  type CommandHandler,
  type Engine,
  type EventTypes,
  type Position,
  type RecordedEvent,
} from '../engine/index.js';
import { prefersEvents } from '../http/accept.js';
import { queryHead } from '../http/answers.js';
import type { App } from '../http/app-type.js';
import { faultOf } from '../http/as-of.js';
import { type EventStreams, frameOf } from '../http/event-stream.js';
import { nextPage } from '../http/list.js';
import type { PositionTokens } from '../http/position-token.js';
import { invalid } from '../http/problem.js';
import { listOf, listQuery, queryInteger } from '../http/schemas.js';
import { answerRecorded, type RecordedAnswer, recordedEvent } from '../http/stream-events.js';
import { eachEvent, MOST_LOOKED_AT, newestEvents, type Wanted } from './log-tail.js';
import { RecentFrames } from './recent-frames.js';

export interface LogRouteDeps {
  readonly engine: Pick<Engine, 'follow' | 'resolvePoint'>;
  readonly handler: CommandHandler;
  readonly tokens: PositionTokens;
  /** The event types of each stream category. */
  readonly streams: Readonly<Record<string, EventTypes>>;
  /** What the names of all streams of the log begin with. */
  readonly streamPrefixes: readonly string[];
  readonly eventStreams: EventStreams;
}

/** Most events at a time of a tail that leaves out others. */
const MOST_WATCHED = 500;
const MOST_TYPES = 50;

const visible = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must have 1 to 200 visible ASCII characters');
const token = z.string().max(200);

const logQuery = listQuery.omit({ cursor: true }).extend({
  stream: visible.optional().meta({
    description: 'The name of one stream, or the beginning of names up to a hyphen, such as `order-`.',
  }),
  types: visible
    .max(2_000)
    .transform((text) => text.split(','))
    .pipe(z.array(z.string().min(1, 'must not be empty')).max(MOST_TYPES))
    .optional()
    .meta({ description: 'Event types, separated by commas.' }),
  correlation_id: visible.optional().meta({ description: 'Of the request that led to the events. Scans.' }),
  before: token.optional().meta({ description: 'Events before this position only.' }),
  after: token.optional().meta({ description: 'Events after this position only.' }),
  latest: queryInteger(1, MOST_WATCHED)
    .optional()
    .meta({ description: 'Of the tail: at most so many events every quarter of a second, the newest ones.' }),
});

const logEvent = recordedEvent.extend({ stream: z.string(), event_id: z.string() }).meta({ id: 'LogEvent' });

const TAIL =
  'With `Accept: text/event-stream`, new events are sent as they are recorded: `id` is the position, `event` is `recorded`, `data` is ' +
  'an event as in the list. `Last-Event-ID` resumes behind a position, `after` begins there; without both, the tail begins at the ' +
  'head. A heartbeat comes every 15 seconds. A last event `problem` says why the server ended the stream.\n\n' +
  '`latest` is for who watches the tail: it leaves out older events where more come than that. Then an event `skipped` comes first: its ' +
  '`data` has the positions `after` and `before`, between which the list has what was left out.\n\n' +
  'A list looks at 10,000 events at most: follow `next`, even from an empty page.';

export function logRoutes(app: App, deps: LogRouteDeps): void {
  const { tokens, handler, eventStreams } = deps;
  const frames = new RecentFrames(async (recorded) => {
    const id = tokens.encode(recorded.position);
    return frameOf({ id, event: 'recorded', data: await answerEvent(deps, recorded) });
  });
  app.get(
    '/v1/log',
    {
      config: {
        kind: 'query',
        problems: ['invalid-log-position'],
        produces: ['application/json', 'text/event-stream'],
      },
      schema: {
        operationId: 'listLogEvents',
        description: TAIL,
        summary: 'The events of all streams, newest first; as text/event-stream, those that come',
        tags: ['operations'],
        querystring: logQuery,
        response: { 200: listOf(logEvent) },
      },
    },
    async (request, reply) => {
      const { limit, before, after, latest } = request.query;
      const wanted = wantedBy(request.query, deps.streamPrefixes);
      const head = await handler.store.head();
      const range = {
        ...(before !== undefined && { before: await positionIn(deps, 'query.before', before) }),
        ...(after !== undefined && { after: await positionIn(deps, 'query.after', after) }),
      };
      if (request.method === 'GET' && prefersEvents(request.headers.accept)) {
        const last = request.headers['last-event-id'];
        const from =
          last === undefined ? (range.after ?? head) : await positionIn(deps, 'header.last-event-id', String(last));
        const tailed = { ...deps, store: handler.store, frames };
        return eventStreams.answer(request, reply, (ends) =>
          latest === undefined
            ? eachEvent(tailed, wanted, from, ends)
            : newestEvents(tailed, wanted, { from, most: latest }, ends),
        );
      }
      // What has come since is the tail's: it begins at the position of this answer.
      const page = await handler.store.readBack({ ...wanted, ...range, limit: limit + 1, most: MOST_LOOKED_AT });
      const events = page.events.filter(({ position }) => position <= head);
      const shown = fitting(events.slice(0, limit));
      const next = shown.length < events.length ? (shown.at(-1)?.position ?? null) : page.before;
      queryHead(reply, tokens, { position: head });
      return {
        data: await Promise.all(shown.map((recorded) => answerEvent(deps, recorded))),
        next: next && nextPage(request, reply, 'before', tokens.encode(next)),
      };
    },
  );
}

/** @throws Problem invalid-log-position, or invalid-request for a position beyond the head */
async function positionIn({ engine, tokens }: LogRouteDeps, path: string, text: string): Promise<Position> {
  return engine.resolvePoint(text, tokens, null).catch((error: unknown) => {
    throw faultOf(path, error);
  });
}

/** @throws Problem invalid-request for a stream that is none of this log */
function wantedBy(query: z.infer<typeof logQuery>, streamPrefixes: readonly string[]): Wanted {
  const { stream, types, correlation_id } = query;
  if (stream !== undefined && !streamPrefixes.some((prefix) => stream.startsWith(prefix))) {
    throw invalid('query.stream', `is no stream of this log: their names begin with ${streamPrefixes.join(', ')}`);
  }
  return {
    filter: { streamPrefixes: stream === undefined ? streamPrefixes : [stream], ...(types && { types }) },
    // A beginning of names ends with the hyphen behind the category.
    ...(stream !== undefined && !streamPrefixes.includes(stream) && { stream }),
    ...(correlation_id !== undefined && { correlationId: correlation_id }),
  };
}

/** At least one, and as many as an answer may hold in bytes. */
function fitting(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  let bytes = 0;
  const end = events.findIndex(({ data }) => (bytes += bounds.sizeOf(data)) >= bounds.listBytes);
  return end < 0 ? events : events.slice(0, end + 1);
}

async function answerEvent(
  deps: LogRouteDeps,
  recorded: RecordedEvent,
): Promise<RecordedAnswer & { stream: string; event_id: string }> {
  const { stream, id } = recorded;
  const types = deps.streams[stream.slice(0, stream.indexOf('-'))];
  if (types) return { ...(await answerRecorded(deps, recorded, types)), stream, event_id: id };
  // The engine's own: nothing in it is personal.
  const { type, data, metadata, revision, position, recordedAt } = recorded;
  return {
    ...{ type, data, metadata, revision, stream, event_id: id },
    ...{ position: deps.tokens.encode(position), recorded_at: recordedAt },
  };
}
