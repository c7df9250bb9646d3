/** What a route is: a command, an operation (it appends nothing to the log itself), or a question. */
export type RouteKind = 'command' | 'operation' | 'query';

/** Whether a route changes something: it takes an idempotency key and, mostly, a body. */
export function changes(kind: RouteKind | undefined): boolean {
  return kind === 'command' || kind === 'operation';
}
