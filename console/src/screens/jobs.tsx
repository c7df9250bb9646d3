/** Jobs, newest first: how far they are, and what came of them. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { api, type Schemas } from '../api.js';
import { number, seconds } from '../format.js';
import { Bar, Card, Empty, Failure, Loaded, Status, Time, type Tone } from '../ui/parts.js';
import { useAction, useQuery } from '../use-query.js';
import { Differences, type VerifyResult } from './differences.js';

type Job = Schemas['ListedJob'];

const SHOWN = 8;
const WHILE_RUNNING_MS = 1_000;
const OTHERWISE_MS = 5_000;

export function Jobs(): VNode {
  const [isBusy, setBusy] = useState(true);
  const jobs = useQuery(
    'jobs',
    async (signal) => {
      const { data } = await api.listJobs({ limit: SHOWN }, { signal });
      setBusy(data.some(isActive));
      return data;
    },
    { every: isBusy ? WHILE_RUNNING_MS : OTHERWISE_MS },
  );
  return (
    <Card title="Jobs" flush>
      <Loaded query={jobs}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No job has run yet.">Rebuild or verify a read model above.</Empty>
          ) : (
            <ul class="events">
              {all.map((job) => (
                <li key={job.job_id}>
                  <JobLine job={job} refresh={jobs.refresh} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

const isActive = ({ state }: Job): boolean => state === 'waiting' || state === 'running';

function toneOf({ state, ok }: Job): Tone {
  if (state === 'done') return ok === false ? 'bad' : 'good';
  if (state === 'failed' || state === 'lost') return 'bad';
  return state === 'cancelled' ? 'ended' : 'placed';
}

function JobLine({ job, refresh }: { job: Job; refresh: () => void }): VNode {
  const cancel = useAction(async () => {
    await api.cancelJob({ job_id: job.job_id });
    refresh();
  });
  return (
    <div class="job" data-kind={job.kind} data-state={job.state}>
      <div class="spread">
        <span class="row">
          <Status tone={toneOf(job)}>{job.state === 'done' && job.ok === false ? 'found something' : job.state}</Status>
          <strong>{job.kind}</strong>
          <span class="muted">{job.models.join(', ')}</span>
        </span>
        <span class="row">
          <span class="muted small">
            <Time at={job.created_at} exact />
          </span>
          {isActive(job) && (
            <button
              class="small-button danger"
              disabled={cancel.isBusy || job.cancel_requested}
              onClick={() => void cancel.run()}
            >
              {job.cancel_requested ? 'Canceling…' : 'Cancel'}
            </button>
          )}
        </span>
      </div>
      {cancel.error && <Failure error={cancel.error} />}
      {job.state === 'running' && job.progress && <ProgressLine progress={job.progress} />}
      {job.error && (
        <p class="note" data-tone="bad">
          {job.error}
        </p>
      )}
      {job.state === 'done' && <Result job={job} />}
    </div>
  );
}

function ProgressLine({ progress }: { progress: NonNullable<Job['progress']> }): VNode {
  const { what, done, total, per_second, seconds_left } = progress;
  return (
    <>
      {total !== null && total > 0 && <Bar part={done / total} label={what} />}
      <p class="muted small">
        {what}: {number(done)}
        {total === null ? '' : ` of ${number(total)}`}, {number(Math.round(per_second))} a second
        {seconds_left === null ? '' : `, ${seconds(seconds_left)} left`}
      </p>
    </>
  );
}

/** A job of the list brings no result: it can be large, so it is asked for when it is opened. */
function Result({ job }: { job: Job }): VNode {
  const [isOpen, setOpen] = useState(job.kind === 'verify' && job.ok === false);
  const { job_id } = job;
  const full = useQuery(isOpen ? `job ${job_id}` : null, async (signal) => {
    return (await api.getJob({ job_id }, { signal })).data.result;
  });
  const took = job.started_at && job.ended_at ? (Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1_000 : null;
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary class="small">Result{took === null ? '' : `, after ${seconds(took)}`}</summary>
      {isOpen && (
        <Loaded query={full}>
          {(result) =>
            job.kind === 'verify' ? (
              <Differences result={result as unknown as VerifyResult} />
            ) : (
              <pre class="long" tabIndex={0} aria-label="Result">
                {JSON.stringify(result, null, 2)}
              </pre>
            )
          }
        </Loaded>
      )}
    </details>
  );
}
