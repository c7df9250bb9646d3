/**
 * A seal: the installation's signature on what the log holds up to an event. As one line of text it can be kept elsewhere, and checked
 * without this program: what is signed is the line up to ` sig=`.
 */
import { createPublicKey, verify } from 'node:crypto';
import { Refusal } from '../core/errors.js';
import type { Position } from '../core/position.js';
import { DIGEST_BYTES } from './digest.js';

export interface Seal {
  /** From 1, without gaps. */
  readonly number: number;
  readonly logId: string;
  /** It covers the events after this one, counted from the beginning of the log. */
  readonly after: number;
  /** And up to this one. The chain commits to all events from the first one on. */
  readonly through: number;
  /** Of the last event that is covered, in its log. */
  readonly position: Position;
  /** Of that event; null of an empty log. */
  readonly lastId: string | null;
  /** Events of streams of these categories are counted. */
  readonly categories: readonly string[];
  readonly chain: Buffer;
  readonly sealedAt: string;
  /** The public key, base64url. */
  readonly key: string;
  /** Why earlier seals beyond `after` are void; null of all other seals. */
  readonly reason: string | null;
}

export interface SignedSeal extends Seal {
  readonly signature: Buffer;
}

/** Signs for the installation, with an Ed25519 key. */
export interface Signer {
  /** 32 bytes, base64url. */
  readonly publicKey: string;
  sign(statement: string): Buffer;
}

const FORMAT = 'orderlog-seal-1';

/** What is signed. */
export function statementOf(seal: Seal): string {
  const fields: readonly (readonly [name: string, value: string | number | null])[] = [
    ['seal', seal.number],
    ['log', seal.logId],
    ['after', seal.after],
    ['through', seal.through],
    ['position', seal.position],
    ['last', seal.lastId],
    ['categories', seal.categories.join(',')],
    ['chain', seal.chain.toString('hex')],
    ['at', seal.sealedAt],
    ['key', seal.key],
    ['reason', seal.reason],
  ];
  return [FORMAT, ...fields.map(([name, value]) => `${name}=${encoded(String(value ?? ''))}`)].join(' ');
}

/** No space, no line break, and nothing that a shell reads. */
function encoded(value: string): string {
  return value.toWellFormed().replaceAll(/[^\w.,:-]/gu, encodeURIComponent);
}

export function lineOf(seal: SignedSeal): string {
  return `${statementOf(seal)} sig=${seal.signature.toString('base64url')}`;
}

/** @throws Refusal invalid-seal */
export function parseLine(line: string): SignedSeal {
  const [format, ...parts] = line.trim().split(/\s+/);
  if (format !== FORMAT)
    throw invalid(`a seal is one line that begins with ${FORMAT}: copy it as orderlog seal printed it`);
  const fields = new Map(
    parts.map((part): [string, string] => [part.split('=', 1)[0] ?? '', part.slice(part.indexOf('=') + 1)]),
  );
  const text = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw invalid(`the seal has no ${name}: copy the whole line as orderlog seal printed it`);
    try {
      return decodeURIComponent(value);
    } catch {
      throw invalid(`the ${name} of the seal can not be read: copy the line as orderlog seal printed it`);
    }
  };
  const number = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isSafeInteger(value) || value < 0) throw invalid(`the ${name} of the seal is no number`);
    return value;
  };
  const chain = Buffer.from(text('chain'), 'hex');
  if (chain.length !== DIGEST_BYTES) throw invalid('the chain of the seal is not 32 bytes');
  return {
    number: number('seal'),
    logId: text('log'),
    after: number('after'),
    through: number('through'),
    position: text('position') as Position,
    lastId: text('last') || null,
    categories: text('categories').split(',').filter(Boolean),
    chain,
    sealedAt: text('at'),
    key: text('key'),
    reason: text('reason') || null,
    signature: Buffer.from(text('sig'), 'base64url'),
  };
}

function invalid(message: string): Refusal {
  return new Refusal('invalid-seal', message);
}

/** Whether the key that it names has signed it. */
export function isSigned(seal: SignedSeal): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: seal.key }, format: 'jwk' });
    return verify(null, Buffer.from(statementOf(seal)), key, seal.signature);
  } catch {
    return false;
  }
}

/** As people are told of it. */
export function describeSeal({ number, after, through, sealedAt }: Seal): string {
  return `seal ${number} (events ${after + 1} to ${through}, ${sealedAt})`;
}
