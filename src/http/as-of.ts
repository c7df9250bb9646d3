import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { type Engine, errors } from '../engine/index.js';
import { type Freshness, freshnessOf } from './freshness.js';
import { Problem } from './problem.js';
import type { PositionTokens } from './position-token.js';

/** In the query of what can be asked for as it was. */
export const asOf = z.string().max(200).optional().meta({
  description:
    'The answer as it was at this `Log-Position` or RFC 3339 time, by recorded time. It waits as `Prefer` says.',
});

interface AskedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly query: { readonly as_of?: string | undefined };
}

export interface Asked {
  readonly freshness: Freshness;
  /** The query with `as_of` as the token of its place: a page further on is of the same place, also of a time. */
  readonly as_of: string | undefined;
}

export interface AsOfSources {
  readonly engine: Pick<Engine, 'resolvePoint'>;
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
      if (!(error instanceof errors.BadPoint)) throw error;
      throw new Problem(error.code, undefined, [{ path: 'query.as_of', message: error.message }]);
    });
    const waitMs = Math.max(0, freshness.waitMs - (Date.now() - begun));
    // A place in the past has its own freshness, whatever the client has seen since.
    return { freshness: { min: null, waitMs, lenient: false, at }, as_of: tokens.encode(at) };
  }
}
