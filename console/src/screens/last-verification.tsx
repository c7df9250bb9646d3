/** When the read models were last compared with the log, and what was found: by a job, or by a schedule of this server. */
import type { VNode } from 'preact';
import { api } from '../api.js';
import { number, plural } from '../format.js';
import { Card, Loaded, Status, Time } from '../ui/parts.js';
import { useQuery } from '../use-query.js';

interface Verification {
  readonly by: string;
  readonly at: string;
  readonly findings: number | null;
  readonly ok: boolean;
}

/** Jobs that are looked through for the last verification. */
const LOOKED_AT = 100;

export function LastVerification(): VNode {
  const found = useQuery('last verification', lastOnes, { every: 10_000 });
  return (
    <Card title="Last verification">
      <div class="stack-tight">
        <Loaded query={found}>
          {(all) =>
            all.length === 0 ? (
              <p>No verification is known. Start one with “Verify all”.</p>
            ) : (
              all.map(({ by, at, findings, ok }) => (
                <p key={by} class="row" data-verification={by}>
                  <Status tone={ok ? 'good' : 'bad'}>{ok ? 'matches' : 'found something'}</Status>
                  <Time at={at} exact /> <span>by {by}</span>
                  {findings !== null && <span class="muted">{plural(findings, 'finding')}</span>}
                </p>
              ))
            )
          }
        </Loaded>
        <p class="muted small">
          The console knows the last {number(LOOKED_AT)} jobs and the schedule of the server that answers (
          <code>VERIFY_EVERY_SECONDS</code>). It does not know <code>orderlog verify</code> at a terminal or the
          schedule of another process: see their output, or the metric <code>orderlog_verify_timestamp_seconds</code>.
        </p>
      </div>
    </Card>
  );
}

async function lastOnes(signal: AbortSignal): Promise<readonly Verification[]> {
  const [{ data: jobs }, { data: metrics }] = await Promise.all([
    api.listJobs({ limit: LOOKED_AT }, { signal }),
    api.getMetrics({}, { signal }),
  ]);
  const job = jobs.find(({ kind, state }) => kind === 'verify' && state === 'done');
  const byJob = job?.ended_at
    ? [{ by: `a job of ${job.models.join(', ')}`, at: job.ended_at, findings: null, ok: job.ok !== false }]
    : [];
  return [...byJob, ...scheduled(metrics)].sort((one, other) => other.at.localeCompare(one.at));
}

/** A server without a schedule has no such series, or one without a value. */
function scheduled(metrics: string): readonly Verification[] {
  const valuesOf = (name: string): readonly number[] =>
    [...metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, value]) => Number(value));
  const at = valuesOf('orderlog_verify_timestamp_seconds')[0] ?? 0;
  if (!(at > 0)) return [];
  const found = [...valuesOf('orderlog_verify_differences'), ...valuesOf('orderlog_verify_findings')];
  const findings = found.reduce((sum, value) => sum + value, 0);
  return [{ by: 'schedule', at: new Date(at * 1_000).toISOString(), findings, ok: findings === 0 }];
}
