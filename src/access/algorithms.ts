import type { KeyObject } from 'node:crypto';

/** How tokens may be signed: by a private key only. With a shared secret, the public key would be one. */
export const ALGORITHMS: readonly string[] = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

const MIN_RSA_BITS = 2_048;
const BY_CURVE: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/** Those that fit a key; none for a key that is too weak or of another kind. */
export function algorithmsFor(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const kind = key.asymmetricKeyType;
  if (kind === 'rsa') return modulusLength < MIN_RSA_BITS ? [] : ['RS256', 'PS256'];
  if (kind === 'ec') return [BY_CURVE[namedCurve]].filter((one) => one !== undefined);
  return kind === 'ed25519' ? ['EdDSA', 'Ed25519'] : [];
}
