/** The log of EventStoreDB read from its end: all of it, or one stream. */
import { type BackPage, matchesBack, type Position, type ReadBackOptions, START } from '../../core/event-store.js';
import { StreamNotFound } from '../../core/errors.js';
import type { RecordedEvent } from '../../core/message.js';
import { logPositionOf, passes, recordedFrom } from './event.js';
import { positionOf } from './position.js';
import type { Reader } from './reader.js';

export async function readBack(reader: Reader, options: ReadBackOptions): Promise<BackPage> {
  return options.stream === undefined ? ofAll(reader, options) : ofStream(reader, options.stream, options);
}

async function ofAll(reader: Reader, options: ReadBackOptions): Promise<BackPage> {
  const { before, after = START, limit, most } = options;
  const events: RecordedEvent[] = [];
  let seen = 0;
  for await (const record of reader.recordsBack(before, most)) {
    const position = positionOf(logPositionOf(record));
    if (position <= after) return { events, before: null };
    seen++;
    if (passes(record, options.filter)) {
      const event = recordedFrom(record);
      if (matchesBack(event, options)) events.push(event);
    }
    if (events.length === limit || seen === most) return { events, before: position };
  }
  return { events, before: null };
}

/** A stream is read by revisions, so the page begins at the revision that the position comes to. */
async function ofStream(reader: Reader, stream: string, options: ReadBackOptions): Promise<BackPage> {
  const { before, after = START, limit, most } = options;
  const events: RecordedEvent[] = [];
  try {
    const from = before === undefined ? undefined : await revisionBefore(reader, stream, before);
    if (from === -1) return { events, before: null };
    let seen = 0;
    for await (const event of reader.streamBack(stream, from, most)) {
      if (event.position <= after) return { events, before: null };
      seen++;
      if (matchesBack(event, options)) events.push(event);
      if (events.length === limit || seen === most) return { events, before: event.position };
    }
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
  }
  return { events, before: null };
}

/** Revision of a stream's last event before a position, -1 if there is none; found by halving. */
async function revisionBefore(reader: Reader, stream: string, before: Position): Promise<number> {
  let low = -1;
  let high = await reader.lastRevision(stream);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const [event] = await first(reader.stream({ stream, from: middle, limit: 1 }));
    if (event && event.position < before) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function first(events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  for await (const event of events) return [event];
  return [];
}
