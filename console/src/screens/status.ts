/** What `GET /v1/ops/status` answers, and how its states look. */
import type { Schemas } from '../api.js';
import type { Tone } from '../ui/parts.js';

export type ModelStatus = Schemas['ReadModelStatus'];
export type StatusDocument = Schemas['Status'];

/** Behind by more than this, a read model is marked: its projector does not come along. */
export const LATE_SECONDS = 5;

export function modelTone({ state, lag_seconds, quarantined }: ModelStatus): Tone {
  if (state === 'stopped' || state === 'idle' || state === 'missing') return 'bad';
  if (lag_seconds > LATE_SECONDS) return 'bad';
  return state === 'degraded' || quarantined > 0 ? 'warn' : 'good';
}
