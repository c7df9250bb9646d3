import type { Position } from '../engine/index.js';
import { revisionTag } from './etag.js';
import type { PositionTokens } from './position-token.js';

/** The head of an answer; a route's reply fits, whatever it sends. */
export interface ReplyHead {
  header(name: string, value: string): unknown;
  code(status: number): unknown;
}

export interface CommandOutcome<Data> {
  /** Of the resource after the command. */
  readonly revision: number;
  readonly position: Position;
  readonly replayed: boolean;
  readonly data: Data;
  /** Path of the resource that was made; the answer is then 201, otherwise 200. */
  readonly location?: string | undefined;
}

/** Sets the head of a successful command's answer and gives its body. */
export function commandAnswer<Data>(
  reply: ReplyHead,
  tokens: PositionTokens,
  { data, revision, position, replayed, location }: CommandOutcome<Data>,
): { data: Data } {
  reply.code(location === undefined ? 200 : 201);
  reply.header('log-position', tokens.encode(position));
  reply.header('etag', revisionTag(revision));
  if (location !== undefined) reply.header('location', location);
  if (replayed) reply.header('idempotency-replayed', 'true');
  return { data };
}

/** Sets the head of the answer to a command that leaves nothing to show: 204. @returns its body */
export function emptyAnswer(
  reply: ReplyHead,
  tokens: PositionTokens,
  { position, replayed }: Pick<CommandOutcome<null>, 'position' | 'replayed'>,
): null {
  reply.code(204);
  reply.header('log-position', tokens.encode(position));
  if (replayed) reply.header('idempotency-replayed', 'true');
  return null;
}

/** Sets the head of a read model's answer: what it is true for and, for a single resource, its revision. */
export function queryHead(
  reply: ReplyHead,
  tokens: PositionTokens,
  { position, degraded = 0 }: { readonly position: Position; readonly degraded?: number },
  revision?: number,
): void {
  reply.header('log-position', tokens.encode(position));
  if (degraded > 0) reply.header('degraded', String(degraded));
  if (revision !== undefined) reply.header('etag', revisionTag(revision));
}
