/** Of a text[] in the binary format of Postgres, before its elements: one dimension, no nulls, elements of type text, counted from 1. */
const HEADER_BYTES = 20;
const DIMENSIONS = 1;
const TEXT = 25;
const FIRST = 1;

/**
 * A parameter of type text[] as bytes. For long texts this is much cheaper than what pg makes of an array: nothing is escaped here, and
 * nothing is parsed by the server. The statement must give the parameter the type text[].
 */
export function textArray(texts: readonly string[]): Buffer {
  let bytes = HEADER_BYTES;
  const lengths = texts.map((text) => {
    const length = Buffer.byteLength(text);
    bytes += 4 + length;
    return length;
  });
  const array = Buffer.allocUnsafe(bytes);
  array.writeInt32BE(DIMENSIONS, 0);
  array.writeInt32BE(0, 4);
  array.writeInt32BE(TEXT, 8);
  array.writeInt32BE(texts.length, 12);
  array.writeInt32BE(FIRST, 16);
  let at = HEADER_BYTES;
  texts.forEach((text, i) => {
    at = array.writeInt32BE(lengths[i] as number, at);
    at += array.write(text, at);
  });
  return array;
}
