import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { type Engine, errors, type Freshness, type Position } from '../engine/index.js';
import { freshnessOf } from './freshness.js';
import { Problem } from './problem.js';
import type { PositionTokens } from './position-token.js';
import { queryInstant } from './schemas.js';

/** In the query of what can be asked for as it was. */
export const asOf = z.string().max(200).optional().meta({
  description:
    'The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says.',
});

/** In the query of what can be asked for since a point of the log. */
export const since = z.string().max(200).optional();

interface AskedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly query: { readonly as_of?: string | undefined };
}

export interface Asked {
  readonly freshness: Freshness;
  /** The query with `as_of` as the token of its position: a page further on is of the same position, if a time was asked for too. */
  readonly as_of: string | undefined;
}

export interface AsOfSources {
  readonly engine: Pick<Engine, 'resolvePoint' | 'store'>;
  readonly tokens: PositionTokens;
}

/** Reads how fresh an answer must be, or as of which position it is asked for. */
export class AsOf {
  constructor(private readonly sources: AsOfSources) {}

  /** @throws Problem invalid-request, invalid-log-position, Refusal read-model-behind */
  async asked({ headers, query }: AskedRequest): Promise<Asked> {
    const { engine, tokens } = this.sources;
    const { as_of } = query;
    const freshness = freshnessOf(headers, tokens);
    if (as_of === undefined) return { freshness, as_of };
    const begun = Date.now();
    const at = await engine.resolvePoint(as_of, tokens, freshness.waitMs).catch((error: unknown) => {
      throw faultOf('query.as_of', error);
    });
    const waitMs = Math.max(0, freshness.waitMs - (Date.now() - begun));
    // A position in the past has its own freshness, whatever the client has seen since.
    return { freshness: { min: null, waitMs, lenient: false, at }, as_of: tokens.encode(at) };
  }
  /**
   * The position of the log after which everything counts that was recorded since: a token is that position, and of a time the events of
   * that very millisecond count. A time that has not come yet is now.
   * @throws Problem invalid-request, invalid-log-position, Refusal read-model-behind
   */
  async since(
    text: string,
    { waitMs }: Pick<Freshness, 'waitMs'>,
  ): Promise<{ readonly position: Position; readonly token: string }> {
    const { engine, tokens } = this.sources;
    const time = queryInstant(text);
    const point = time === null ? text : new Date(Date.parse(time) - 1).toISOString();
    const position = await engine.resolvePoint(point, tokens, waitMs).catch((error: unknown) => {
      if (error instanceof errors.BadPoint && error.isBeyondNow) return engine.store.head();
      throw faultOf('query.updated_since', error);
    });
    return { position, token: tokens.encode(position) };
  }
}

/** A point that can't be read, as a fault of the request. */
export function faultOf(path: string, error: unknown): unknown {
  if (!(error instanceof errors.BadPoint)) return error;
  return new Problem(error.code, undefined, [{ path, message: error.message }]);
}
