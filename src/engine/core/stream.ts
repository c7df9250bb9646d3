/** A stream's name: `<category>-<id>`. The category has no dash, the id may have. */
export function streamName(category: string, id: string | number): string {
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
