/** Stream names: `<category>-<id>`. The category has no dash, the id may have. */
export const STREAM_CATEGORIES = [
  'categoryTree',
  'product',
  'productSku',
  'user',
  'userEmail',
  'order',
  'log',
] as const;

/** What the names of all streams of Orderlog begin with. On a server that others use too, whatever begins otherwise is theirs. */
export const STREAM_PREFIXES: readonly string[] = STREAM_CATEGORIES.map((category) => `${category}-`);

export type StreamCategory = (typeof STREAM_CATEGORIES)[number];

export function streamName(category: StreamCategory, id: string | number): string {
  return `${category}-${id}`;
}

/** The category part of a stream's name. */
export function streamCategory(stream: string): string {
  const dash = stream.indexOf('-');
  return dash < 0 ? stream : stream.slice(0, dash);
}

/** The id part of a stream's name. */
export function streamId(stream: string): string {
  return stream.slice(stream.indexOf('-') + 1);
}
