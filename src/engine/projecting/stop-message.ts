import type { StopReason } from './checkpoints.js';

/** Why a projection has stopped, for people: it names the event, where the message does not say it already. */
export function stopMessage({
  stream,
  revision,
  message,
}: Pick<StopReason, 'stream' | 'revision' | 'message'>): string {
  const place = `${stream}@${revision}`;
  return stream === null || message.includes(place) ? message : `at ${place}: ${message}`;
}
