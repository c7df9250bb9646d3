/** Above every screen: which read models are late, so that nobody takes an old number for a new one. */
import type { VNode } from 'preact';
import { api } from '../api.js';
import { plural, seconds } from '../format.js';
import { useMay } from '../role.js';
import { LATE_SECONDS, type ModelStatus } from '../screens/status.js';
import { useQuery } from '../use-query.js';

const EVERY_MS = 5_000;

export function LateNote(): VNode | null {
  const may = useMay();
  const [key, read] = may('getStatus') ? (['late', lateModels] as const) : (['failing', failingChecks] as const);
  const { data } = useQuery(key, read, { every: EVERY_MS });
  if (!data || data.length === 0) return null;
  return (
    <div class="note late" data-tone="warn" role="status">
      <strong>What you see may be old.</strong> {data.join('; ')}.
    </div>
  );
}

/** Behind without a projector, or for longer than one needs. */
function isLate({ state, lag_events, lag_seconds }: ModelStatus): boolean {
  const isRunning = state === 'running' || state === 'degraded';
  return lag_events > 0 && (!isRunning || lag_seconds > LATE_SECONDS);
}

async function lateModels(signal: AbortSignal): Promise<readonly string[]> {
  const { models } = (await api.getStatus({}, { signal })).data;
  return models
    .filter(isLate)
    .map(
      ({ name, lag_events, lag_seconds }) =>
        `${name} is ${plural(lag_events, 'event')} behind, ${seconds(lag_seconds)}`,
    );
}

/** A clerk may not read the status, but may know that something is wrong. */
async function failingChecks(signal: AbortSignal): Promise<readonly string[]> {
  const { checks } = (await api.getReadiness({}, { signal })).data;
  return ['read-models', 'projectors'].flatMap((name) => {
    const check = checks[name];
    return check === undefined || check.ok ? [] : [check.detail ?? `the check of ${name} fails`];
  });
}
