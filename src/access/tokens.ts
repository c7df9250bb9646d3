/** JSON Web Tokens of an issuer that is configured. */
import type { KeyObject } from 'node:crypto';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, type JWTPayload, jwtVerify } from 'jose';
import { deriveUuid } from '../crypto/derive.js';
import { Problem } from '../http/problem.js';
import { ALGORITHMS, algorithmsFor } from './algorithms.js';
import { type Caller, ROLES, userIdOf } from './caller.js';
import type { JwtConfig } from './config.js';

const FETCH_MS = 3_000;
const RETRY_SECONDS = '5';

/** The issuer's keys can't be had: no fault of the token. */
class NoIssuerKeys extends Problem {
  constructor() {
    super('overloaded', "The keys of the tokens' issuer can not be fetched at the moment.", [], {
      'retry-after': RETRY_SECONDS,
    });
  }
}

/**
 * Whose token it is; null for one that is not valid.
 * @param hashKey hides subjects that may name a person
 * @throws Problem overloaded while the issuer's keys can't be fetched
 */
export function tokenCheck(config: JwtConfig, hashKey: KeyObject): (token: string) => Promise<Caller | null> {
  const { issuer, audience, keys } = config;
  const fixed = 'publicKey' in keys ? keys.publicKey : null;
  const key: JWTVerifyGetKey = 'jwksUrl' in keys ? issuerKeys(keys.jwksUrl) : () => Promise.resolve(keys.publicKey);
  const algorithms = [...(fixed ? algorithmsFor(fixed) : ALGORITHMS)];
  const options = { issuer, audience, algorithms, requiredClaims: ['exp', 'sub', 'role'] };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, key, options);
      return callerOf(payload, hashKey);
    } catch (error) {
      if (error instanceof NoIssuerKeys) throw error;
      // Whatever else a token brings about, it is not a valid one.
      return null;
    }
  };
}

function issuerKeys(url: URL): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, { timeoutDuration: FETCH_MS });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const isOfTheToken =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      throw isOfTheToken ? error : new NoIssuerKeys();
    }
  };
}

/** A subject of these characters is taken for an opaque id. Others, such as e-mail addresses, may not come into the log. */
const OPAQUE = /^[\w.:|-]{1,128}$/;

function callerOf({ sub = '', role }: JWTPayload, hashKey: KeyObject): Caller | null {
  const kind = ROLES.find((one) => one === role);
  if (!kind || sub === '') return null;
  if (kind !== 'customer') return { kind, id: OPAQUE.test(sub) ? sub : deriveUuid(hashKey, 'subject', sub) };
  const userId = userIdOf(sub);
  return userId === null ? null : { kind, id: userId };
}
