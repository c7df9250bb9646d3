/** A point of the past, as people and clients name it. */
import { Refusal } from '../core/errors.js';
import { type EventStore, type Position, START } from '../core/event-store.js';
import type { LogTimes } from '../core/log-times.js';

/** Neither a position in the log nor a time, or beyond now. The message goes on after the name of what was given. */
export class BadPoint extends Error {
  override readonly name = 'BadPoint';
  constructor(
    message: string,
    readonly code: 'invalid-request' | 'invalid-log-position' = 'invalid-request',
    /** A time that has not come yet. */
    readonly isBeyondNow = false,
  ) {
    super(message);
  }
}

const NEITHER =
  'is neither the token of a Log-Position of this log nor a time as ISO 8601 with its zone, such as 2026-01-31T09:30:00Z';

export interface PointSources {
  readonly tokens: { decode(token: string): Position };
  readonly store: Pick<EventStore, 'head'>;
  readonly times: LogTimes;
}

/**
 * The position that a token of the log or an RFC 3339 time names. One beyond the head is of events that a restored older log does not have:
 * who waited behind it would miss what comes in their place.
 * @param waitMs null where only a token is meant
 * @throws BadPoint, Refusal read-model-behind
 */
export async function resolvePoint(text: string, sources: PointSources, waitMs: number | null): Promise<Position> {
  // No token has a colon, and every time has.
  if (waitMs !== null && text.includes(':')) {
    const position = await sources.times.positionAt(utc(text), waitMs);
    if (position === null) throw new BadPoint('is a time beyond now', 'invalid-request', true);
    return position;
  }
  const position = decoded(text, sources.tokens, waitMs === null);
  const head = await sources.store.head();
  // A log that was moved to another server keeps its id, and its positions are of another length there.
  if (position !== START && head !== START && position.length !== head.length) {
    throw new BadPoint('is a position of the server that the log was moved from', 'invalid-log-position');
  }
  if (position > head) throw new BadPoint('is a position beyond the head of the log');
  return position;
}

function decoded(text: string, tokens: PointSources['tokens'], isToken: boolean): Position {
  try {
    return tokens.decode(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (isToken) throw new BadPoint('is no Log-Position of this log', 'invalid-log-position');
    const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
    const why = isDate ? `is a date without a time: send ${text}T00:00:00Z, or another time of that day` : NEITHER;
    throw new BadPoint(why, 'invalid-log-position');
  }
}

/** A `+` that nobody encoded arrives as a space. JavaScript takes the hour 24, too. */
const RFC_3339 = /^(\d{4}-\d\d-(\d\d))[Tt]((?:[01]\d|2[0-3]):\d\d:\d\d)(\.\d+)?(?:([Zz])|([+ -])(\d\d:\d\d))$/;

/** Years of four digits, as texts of times compare; an offset may lead out of them. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** In UTC and milliseconds, the rest cut off: the log knows no finer times. */
function utc(text: string): string {
  const [, date = '', day, time = '', fraction = '', zulu, sign = '', offset = ''] = RFC_3339.exec(text) ?? [];
  const zone = zulu === undefined ? `${sign === ' ' ? '+' : sign}${offset}` : 'Z';
  const moment = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${zone}`);
  // A day that the month does not have would be one of the next month.
  const isDay = new Date(`${date}T00:00:00Z`).getUTCDate() === Number(day);
  if (!isDay || Number.isNaN(moment)) {
    throw new BadPoint(NEITHER);
  }
  return new Date(Math.min(Math.max(moment, FIRST_MS), LAST_MS)).toISOString();
}
