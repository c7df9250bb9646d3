/** A longer line is not kept: `bytes` is null. */
export const MAX_LINE_BYTES = 1024 * 1024;

export interface Line {
  /** From 1. */
  readonly line: number;
  readonly bytes: Buffer | null;
}

/** Splits a stream of bytes at line feeds; the last line needs none. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let line = 1;
  let parts: Buffer[] = [];
  let length = 0;
  const keep = (part: Buffer): void => {
    length += part.length;
    if (length <= MAX_LINE_BYTES) parts.push(part);
    else parts = [];
  };
  const complete = (): Line => {
    const bytes = length > MAX_LINE_BYTES ? null : parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts = [];
    length = 0;
    return { line: line++, bytes };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end));
      yield complete();
      start = end + 1;
    }
    if (start < chunk.length) keep(chunk.subarray(start));
  }
  if (length > 0) yield complete();
}
