/** Says which event of a seal is not what was sealed, and what became of it. */
import type { RecordedEvent } from '../core/message.js';
import { type Position, START } from '../core/position.js';
import type { Content } from './block.js';
import { DIGEST_BYTES, TIME_BYTES } from './digest.js';
import { describeSeal, type SignedSeal } from './seal.js';

/** What names an event. */
export type EventPlace = Pick<RecordedEvent, 'stream' | 'revision' | 'position' | 'id' | 'recordedAt'>;

/** A seal, and the events that the log holds in its place. */
export interface Misfit {
  readonly seal: SignedSeal;
  readonly found: Content;
  readonly places: readonly EventPlace[];
}

/** The log that was read, and how its positions are shown. */
export interface Reading {
  readonly logId: string;
  readonly tokens?: { encode(position: Position): string };
}

export interface Named {
  readonly finding: string;
  /** All that follows is at another place, so it says nothing. */
  readonly isShift: boolean;
}

export function nameMisfit({ seal, found, places }: Misfit, sealed: Content, { logId, tokens }: Reading): Named {
  const count = places.length;
  const isThisLog = seal.logId === logId;
  for (let i = 0; i < count; i++) {
    if (!sameAt(i, DIGEST_BYTES, found.digests, sealed.digests))
      return nameDigest(i, { seal, found, places }, sealed, tokens);
    if (isThisLog && !sameAt(i, TIME_BYTES, found.times, sealed.times)) {
      const was = timeAt(sealed, i);
      const at = (places[i] as EventPlace).recordedAt;
      return {
        finding: `${nameOf(seal, places, i, tokens)}: its time of recording was changed from ${was} to ${at}`,
        isShift: false,
      };
    }
  }
  const position = shown(places.at(-1)?.position ?? START, tokens);
  const finding =
    `${describeSeal(seal)} does not fit: its last event is at position ${position} now and was at ${shown(seal.position, tokens)}. ` +
    'Events were moved, or rows that belong to no stream category of this installation were put between them';
  return { finding, isShift: false };
}

/** Of seals that the log is too short for. */
export function nameMissing(
  { seal, found, places }: Misfit,
  sealed: Content,
  { sealed: total, events, ...reading }: Reading & { readonly sealed: number; readonly events: number },
): string[] {
  const there: Content = {
    digests: sealed.digests.subarray(0, found.digests.length),
    times: sealed.times.subarray(0, found.times.length),
  };
  const isSame =
    found.digests.equals(there.digests) && (seal.logId !== reading.logId || found.times.equals(there.times));
  const missing = `the log holds ${events} events and its seals cover ${total}: ${total - events} are missing`;
  if (!isSame) return [nameMisfit({ seal, found, places }, sealed, reading).finding, missing];
  const last = places.at(-1);
  const where = last
    ? ` behind ${last.stream}@${last.revision} (position ${shown(last.position, reading.tokens)})`
    : '';
  return [
    `${missing}. The first one that does not fit is ${describeSeal(seal)}, from its event ${events + 1} on${where}`,
  ];
}

function nameDigest(i: number, { seal, found, places }: Misfit, sealed: Content, tokens: Reading['tokens']): Named {
  const name = nameOf(seal, places, i, tokens);
  const foundAt = indexOf(digestAt(found, i), sealed, i + 1);
  const sealedAt = indexOf(digestAt(sealed, i), found, i + 1);
  if (foundAt > 0 && sealedAt > 0) {
    const other = places[sealedAt] as EventPlace;
    return {
      finding: `${name}: it changed places with ${other.stream}@${other.revision} (position ${shown(other.position, tokens)})`,
      isShift: false,
    };
  }
  if (foundAt > 0) {
    const gone = foundAt - i === 1 ? '1 event was' : `${foundAt - i} events were`;
    return { finding: `${name}: ${gone} removed before it, recorded at ${timeAt(sealed, i)}`, isShift: true };
  }
  if (sealedAt > 0) return { finding: `${name}: it was inserted after the log was sealed`, isShift: true };
  return { finding: `${name}: it was changed after it was sealed`, isShift: false };
}

function nameOf(seal: SignedSeal, places: readonly EventPlace[], i: number, tokens: Reading['tokens']): string {
  const { stream, revision, position } = places[i] as EventPlace;
  return `${stream}@${revision} (position ${shown(position, tokens)}, event ${seal.after + i + 1}) does not fit ${describeSeal(seal)}`;
}

function shown(position: Position, tokens: Reading['tokens']): string {
  return tokens?.encode(position) ?? position;
}

function digestAt({ digests }: Content, i: number): Buffer {
  return digests.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES);
}

export function timeAt({ times }: Content, i: number): string {
  const ms = times.readDoubleBE(i * TIME_BYTES);
  return Number.isNaN(ms) ? 'an unreadable time' : new Date(ms).toISOString();
}

/** Where a digest is, from an index on; -1 if it is not there. */
export function indexOf(digest: Buffer, content: Content, from: number): number {
  for (let i = from; i * DIGEST_BYTES < content.digests.length; i++) if (digestAt(content, i).equals(digest)) return i;
  return -1;
}

function sameAt(i: number, bytes: number, one: Buffer, other: Buffer): boolean {
  return one.subarray(i * bytes, (i + 1) * bytes).equals(other.subarray(i * bytes, (i + 1) * bytes));
}
