import { readApiKey } from './api-key.js';
import type { ApiKeyCheck } from './api-key-check.js';
import type { Caller } from './caller.js';

const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export type Authenticate = (authorization: string) => Promise<Caller | null>;

/** Whose `Authorization` header it is; null when it is malformed, or what it holds is not valid. */
export function authenticator(
  keys: Pick<ApiKeyCheck, 'callerOf'>,
  callerOfToken: ((token: string) => Promise<Caller | null>) | null,
): Authenticate {
  return async (authorization) => {
    const [, given = ''] = BEARER.exec(authorization) ?? [];
    const key = readApiKey(given);
    if (key) return keys.callerOf(key);
    return callerOfToken && JWT.test(given) ? callerOfToken(given) : null;
  };
}

/** The id of the API key that a header claims to hold, for the log. */
export function claimedKeyId(authorization: string | undefined): string | undefined {
  const [, given = ''] = BEARER.exec(authorization ?? '') ?? [];
  return readApiKey(given)?.keyId;
}
