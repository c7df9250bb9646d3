/** The part of the configuration that says who may do what. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { algorithmsFor } from './algorithms.js';

export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: { readonly jwksUrl: URL } | { readonly publicKey: KeyObject };
}

export interface RateLimits {
  /** Requests a minute of one customer. */
  readonly customer: number;
  /** Of one clerk or admin, that is mostly of a system. */
  readonly staff: number;
}

export interface AccessConfig {
  readonly auth: 'none' | 'required';
  readonly jwt: JwtConfig | null;
  /** Origins whose pages may call and read the answers. */
  readonly corsOrigins: readonly string[];
  /** How many proxies stand in front, or their addresses; false: none. */
  readonly trustProxy: false | number | string[];
  readonly rateLimits: RateLimits;
}

/** What the one reader of the environment offers. */
export interface Settings {
  readonly problems: string[];
  text(name: string): string | undefined;
  secret(name: string): string | undefined;
  integer(name: string, fallback: number, min: number, max: number): number;
}

const MOST_REQUESTS = 10_000_000;

export function readAccess(env: Settings, host: string, isEmbedded: boolean): AccessConfig {
  const auth = authOf(env, host, isEmbedded);
  const config: AccessConfig = {
    auth,
    jwt: jwtOf(env),
    corsOrigins: corsOriginsOf(env),
    trustProxy: trustProxyOf(env),
    rateLimits: {
      customer: env.integer('RATE_LIMIT_CUSTOMER', 1_200, 1, MOST_REQUESTS),
      staff: env.integer('RATE_LIMIT_STAFF', 60_000, 1, MOST_REQUESTS),
    },
  };
  if (auth === 'none') refuseWithoutAccessControl(env, config);
  return config;
}

function authOf(env: Settings, host: string, isEmbedded: boolean): AccessConfig['auth'] {
  const auth = env.text('AUTH') ?? (isLoopback(host) && isEmbedded ? 'none' : 'required');
  if (auth === 'none') {
    if (!isLoopback(host)) {
      const remedy = 'set AUTH=required, or HOST=127.0.0.1';
      env.problems.push(`AUTH=none serves the loopback address only, and HOST is ${host}: ${remedy}`);
    }
    return auth;
  }
  if (auth !== 'required') env.problems.push(`AUTH is ${JSON.stringify(auth)}: it is none or required`);
  return 'required';
}

/** A setting that had no effect would do something else than it says. */
function refuseWithoutAccessControl(env: Settings, { jwt, corsOrigins, trustProxy }: AccessConfig): void {
  if (jwt) env.problems.push('AUTH=none checks no tokens, and JWT_ISSUER is set: unset JWT_…, or set AUTH=required');
  if (trustProxy !== false)
    env.problems.push('AUTH=none serves no proxy, and TRUST_PROXY is set: unset it, or set AUTH=required');
  const foreign = corsOrigins.find((origin) => !isLoopback(hostOf(new URL(origin))));
  if (foreign !== undefined)
    env.problems.push(`AUTH=none serves pages of this machine only, and CORS_ORIGINS names ${foreign}: take it out`);
}

function jwtOf(env: Settings): JwtConfig | null {
  const issuer = env.text('JWT_ISSUER');
  const audience = env.text('JWT_AUDIENCE');
  const url = env.text('JWT_JWKS_URL');
  const pem = env.secret('JWT_PUBLIC_KEY');
  if ([issuer, audience, url, pem].every((one) => one === undefined)) return null;
  if (url !== undefined && pem !== undefined) {
    env.problems.push('JWT_JWKS_URL and JWT_PUBLIC_KEY are both set: unset one');
    return null;
  }
  if (issuer === undefined || audience === undefined || (url ?? pem) === undefined) {
    env.problems.push(
      'tokens need JWT_ISSUER, JWT_AUDIENCE and one of JWT_JWKS_URL and JWT_PUBLIC_KEY: set what is missing, or unset all',
    );
    return null;
  }
  const keys = url === undefined ? publicKeyOf(env, pem ?? '') : jwksUrlOf(env, url);
  return keys && { issuer, audience, keys };
}

/** A key that is changed on its way makes any token valid. */
function jwksUrlOf(env: Settings, text: string): JwtConfig['keys'] | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(hostOf(url)));
  if (url && isSafe) return { jwksUrl: url };
  env.problems.push('JWT_JWKS_URL is no URL of the form https://host/path');
  return null;
}

function publicKeyOf(env: Settings, pem: string): JwtConfig['keys'] | null {
  try {
    if (!/^-----BEGIN (?:RSA )?(?:PUBLIC KEY|CERTIFICATE)-----/.test(pem)) throw new Error('no public key');
    const publicKey = createPublicKey(pem);
    if (algorithmsFor(publicKey).length > 0) return { publicKey };
  } catch {
    // Told below; the message of the library quotes nothing that helps.
  }
  env.problems.push(
    'JWT_PUBLIC_KEY is no public key in PEM, RSA of 2048 bits or more, EC P-256, P-384 or P-521, or Ed25519: name another',
  );
  return null;
}

function corsOriginsOf(env: Settings): readonly string[] {
  const origins = listOf(env.text('CORS_ORIGINS'));
  return origins.filter((origin) => {
    const isOrigin = /^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin;
    if (!isOrigin)
      env.problems.push(`CORS_ORIGINS names ${JSON.stringify(origin)}: name origins such as https://shop.example.org`);
    return isOrigin;
  });
}

const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal'];

function trustProxyOf(env: Settings): AccessConfig['trustProxy'] {
  const text = env.text('TRUST_PROXY');
  if (text === undefined || text === 'false' || text === '0') return false;
  // Trusting all of the header would let each caller choose its own address.
  if (text === 'true') return 1;
  if (/^[1-9]$/.test(text)) return Number(text);
  const proxies = listOf(text);
  if (proxies.length > 0 && proxies.every((one) => PROXY_NAMES.includes(one) || isNetwork(one))) return proxies;
  env.problems.push(
    'TRUST_PROXY is neither the number of proxies in front (1 to 9) nor a list of their addresses or networks',
  );
  return false;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function listOf(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter((one) => one !== '');
}

/** A URL has brackets around an address of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
