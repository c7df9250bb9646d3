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
