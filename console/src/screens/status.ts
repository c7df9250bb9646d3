/** What `GET /v1/ops/status` answers, and how its states look. */
import type { Tone } from '../ui/parts.js';

export interface ModelStatus {
  readonly name: string;
  readonly version: number;
  readonly checkpoint: string;
  readonly lag_events: number;
  readonly lag_seconds: number;
  readonly state: string;
  readonly quarantined: number;
  readonly error?: { readonly message: string; readonly stream: string | null; readonly revision: number | null };
}

export interface StatusDocument {
  readonly store: { readonly kind: string; readonly head: string };
  readonly models: readonly ModelStatus[];
  readonly reactors?: readonly ModelStatus[];
  readonly notes?: readonly string[];
}

/** Behind by more than this, a read model is marked: its projector does not come along. */
const LATE_SECONDS = 5;

export function modelTone({ state, lag_seconds, quarantined }: ModelStatus): Tone {
  if (state === 'stopped' || state === 'idle' || state === 'missing') return 'bad';
  if (lag_seconds > LATE_SECONDS) return 'bad';
  return state === 'degraded' || quarantined > 0 ? 'warn' : 'good';
}
