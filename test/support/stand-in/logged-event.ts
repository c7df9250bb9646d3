import { randomUUID } from 'node:crypto';

/** A place in the log: bytes, not a count of events. */
export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** What a client sends to be written. */
export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Buffer;
  readonly metadata: Buffer;
}

export interface LoggedEvent extends Proposed {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: Position;
  /** Milliseconds. */
  readonly created: number;
}

/** As the server counts towards the limit of an append: UTF-16 for the type. */
export function proposedSize({ type, data, metadata }: Proposed): number {
  return type.length * 2 + data.length + metadata.length;
}

/** A record on disk has names, times, ids and lengths around what was sent. */
export function recordSize(event: LoggedEvent): number {
  return (
    90 + Buffer.byteLength(event.stream) + Buffer.byteLength(event.type) + event.data.length + event.metadata.length
  );
}

export function systemEvent(type: string, data: object, isJson = true): Proposed {
  return { id: randomUUID(), type, isJson, data: Buffer.from(JSON.stringify(data)), metadata: Buffer.alloc(0) };
}

/** As the server compares them: by both parts, as a pair. */
export function isBefore(a: Position, b: Position): boolean {
  return a.commit < b.commit || (a.commit === b.commit && a.prepare < b.prepare);
}
