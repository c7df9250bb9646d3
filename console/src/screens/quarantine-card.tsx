/** Keys whose event could not be applied: why, what waits behind it, and what can be done. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { api, type Schemas } from '../api.js';
import { number, plural } from '../format.js';
import { FormDialog, textOf } from '../ui/form-dialog.js';
import { Card, Empty, Failure, Field, Loaded, Time } from '../ui/parts.js';
import { StreamLink } from '../ui/thing-link.js';
import { say } from '../ui/toasts.js';
import { useAction, useQuery } from '../use-query.js';

type Key = Schemas['QuarantinedKey'];

/** One event that waits, in however many read models and builds. */
interface Waiting {
  readonly id: string;
  readonly keys: readonly [Key, ...Key[]];
}

export function QuarantineCard(): VNode {
  const query = useQuery('quarantine', async (signal) => (await api.getQuarantine({}, { signal })).data, {
    every: 5_000,
  });
  const [skipping, setSkipping] = useState<Waiting | null>(null);
  const retry = useAction(async ({ keys: [{ stream }] }: Waiting) => {
    const { data } = await api.retryQuarantined({ streams: [stream] });
    say(data.retried.some(({ held }) => held !== null) ? 'It still fails. See why below.' : 'The events are applied.');
    query.refresh();
  });
  return (
    <Card id="quarantine" title="Quarantine" flush>
      {retry.error && <Failure error={retry.error} />}
      <Loaded query={query}>
        {({ quarantined, skipped, stopped }) => (
          <>
            {stopped.map(({ model, version, stream, error }) => (
              <p key={`${model} ${version ?? ''}`} class="note" data-tone="bad">
                {model} has stopped at <span class="mono">{stream}</span>: {error}. It resumes when a release that can
                apply the event starts.
              </p>
            ))}
            {quarantined.length === 0 ? (
              <Empty title="Nothing is quarantined.">Every event has taken effect in every read model.</Empty>
            ) : (
              <>
                <p class="card-body muted small">
                  A key is an order or a user. If one of its events can’t be applied to a read model, that event and the
                  later ones of the key wait, and the read model shows the key as it was before. Mend the cause, then
                  retry. Skip an event only if no release will ever apply it.
                </p>
                <ul class="events">
                  {byEvent(quarantined).map((waiting) => (
                    <li key={waiting.id} class="job">
                      <WaitingEvent
                        waiting={waiting}
                        isBusy={retry.isBusy}
                        retry={() => void retry.run(waiting)}
                        skip={() => setSkipping(waiting)}
                      />
                    </li>
                  ))}
                </ul>
              </>
            )}
            {skipped.length > 0 && <Skipped skipped={skipped} />}
          </>
        )}
      </Loaded>
      {skipping && (
        <Skip
          waiting={skipping}
          onClose={() => {
            setSkipping(null);
            query.refresh();
          }}
        />
      )}
    </Card>
  );
}

function byEvent(quarantined: readonly Key[]): readonly Waiting[] {
  const found = new Map<string, [Key, ...Key[]]>();
  for (const key of quarantined) {
    const id = `${key.stream}@${key.revision}`;
    const keys = found.get(id);
    if (keys) keys.push(key);
    else found.set(id, [key]);
  }
  return [...found].map(([id, keys]) => ({ id, keys }));
}

interface WaitingEventProps {
  readonly waiting: Waiting;
  readonly isBusy: boolean;
  readonly retry: () => void;
  readonly skip: () => void;
}

function WaitingEvent({ waiting: { keys }, isBusy, retry, skip }: WaitingEventProps): VNode {
  const [key] = keys;
  const since = keys.map((one) => one.since).sort()[0] ?? key.since;
  const most = Math.max(...keys.map(({ waiting }) => waiting));
  return (
    <>
      <div class="spread">
        <span class="row">
          <strong>{key.type}</strong>
          <span>
            of <StreamLink stream={key.stream} />, revision {number(key.revision)}
          </span>
        </span>
        <span class="row">
          <button class="small-button" disabled={isBusy} onClick={retry}>
            Retry
          </button>
          <button class="small-button danger" onClick={skip}>
            Skip
          </button>
        </span>
      </div>
      {[...new Set(keys.map(reasonOf))].map((reason) => (
        <p key={reason} title={key.error}>
          Could not be applied: <strong>{reason}</strong>
        </p>
      ))}
      <p class="muted small">
        Waits in {keys.map(whereOf).join(', ')} since <Time at={since} exact />. {plural(most, 'event')} of this key{' '}
        {most === 1 ? 'waits' : 'wait'}. All other keys are up to date.{' '}
        <a href={`/console/log?stream=${encodeURIComponent(key.stream)}`}>Show its events</a>
      </p>
    </>
  );
}

/** A reactor has no builds. */
const whereOf = ({ model, version }: Key): string => (version === null ? model : `${model} (build ${version})`);

/** Without the event's name, which stands above. */
const reasonOf = ({ error }: Key): string => error.replace(/^event \S+ at \S+@\d+(?: \(position \w+\))?: /, '');

function Skipped({ skipped }: { skipped: Schemas['Quarantine']['skipped'] }): VNode {
  return (
    <details class="card-body">
      <summary class="small">{number(skipped.length)} skipped</summary>
      <ul class="events">
        {skipped.map(({ model, stream, revision, type, reason, skipped_at }) => (
          <li key={`${model} ${stream} ${revision}`}>
            {model}: {type} of <span class="mono">{stream}</span>, <Time at={skipped_at} />: {reason}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Skip({ waiting: { id, keys }, onClose }: { waiting: Waiting; onClose: () => void }): VNode {
  const [{ type, stream }] = keys;
  const models = [...new Set(keys.map(({ model }) => model))];
  return (
    <FormDialog
      title={`Skip ${type} of ${stream}?`}
      submit="Skip the event"
      isDangerous
      onClose={onClose}
      onSubmit={async (fields, options) => {
        const { data } = await api.skipQuarantined({ stream: id, reason: textOf(fields, 'reason') }, options);
        // Only what was skipped has the reason.
        const left = data.skipped.find(({ reason }) => reason === undefined);
        if (left) throw new Error(`The event is not skipped in ${left.model}: ${left.held?.error ?? 'it is pending'}.`);
        say('The event is skipped.');
      }}
    >
      <p class="muted">
        The event never takes effect in {models.join(', ')}. The log keeps it, and verifications tell your reason.
      </p>
      <Field label="Reason">
        <input name="reason" required maxLength={500} autofocus />
      </Field>
    </FormDialog>
  );
}
