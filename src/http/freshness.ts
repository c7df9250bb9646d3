import type { IncomingHttpHeaders } from 'node:http';
import type { Freshness } from '../engine/index.js';
import { listElements } from './header-list.js';
import type { PositionTokens } from './position-token.js';

const DEFAULT_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

const WHATEVER_IS_THERE: Freshness = { min: null, waitMs: DEFAULT_WAIT_MS, lenient: false };

/**
 * How fresh the answer must be, from `Min-Log-Position` and `Prefer`. Preferences that can't be read are passed over.
 * @throws Refusal invalid-log-position
 */
export function freshnessOf(headers: IncomingHttpHeaders, tokens: PositionTokens): Freshness {
  const token = headers['min-log-position'];
  if (token === undefined && headers.prefer === undefined) return WHATEVER_IS_THERE;
  const min = token === undefined ? null : tokens.decode(String(token));
  const preferences = preferencesOf(headers.prefer);
  return { min, waitMs: waitOf(preferences.get('wait')), lenient: preferences.get('handling') === 'lenient' };
}

function waitOf(seconds: string | undefined): number {
  if (seconds === undefined || !/^\d+$/.test(seconds)) return DEFAULT_WAIT_MS;
  return Math.min(Number(seconds) * 1_000, LONGEST_WAIT_MS);
}

const PREFERENCE = /^([!#$%&'*+.^`|~\w-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s";]+)))?\s*(?:;.*)?$/;

/** RFC 7240; of a preference given twice the first counts. */
function preferencesOf(header: string | readonly string[] | undefined): ReadonlyMap<string, string> {
  const preferences = new Map<string, string>();
  for (const element of listElements(String(header ?? ''))) {
    const [, name, quoted, bare] = PREFERENCE.exec(element) ?? [];
    if (name === undefined || preferences.has(name.toLowerCase())) continue;
    preferences.set(name.toLowerCase(), quoted ?? bare ?? '');
  }
  return preferences;
}
