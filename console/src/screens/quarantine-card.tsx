/** Keys whose event could not be applied: why, what waits behind it, and what can be done. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { api, type Schemas } from '../api.js';
import { number, plural } from '../format.js';
import { FormDialog, textOf } from '../ui/form-dialog.js';
import { Card, Empty, Failure, Field, Loaded, Time } from '../ui/parts.js';
import { eventHref } from '../ui/thing-link.js';
import { say } from '../ui/toasts.js';
import { useAction, useQuery } from '../use-query.js';

type Key = Schemas['QuarantinedKey'];

export function QuarantineCard(): VNode {
  const query = useQuery('quarantine', async (signal) => (await api.getQuarantine({}, { signal })).data, {
    every: 5_000,
  });
  const [skipping, setSkipping] = useState<Key | null>(null);
  const retry = useAction(async (key: Key) => {
    const { data } = await api.retryQuarantined({ streams: [key.stream], model: key.model });
    say(data.retried.some(({ held }) => held !== null) ? 'It still fails. See why below.' : 'The events are applied.');
    query.refresh();
  });
  return (
    <Card title="Quarantine" flush>
      {retry.error && <Failure error={retry.error} />}
      <Loaded query={query}>
        {({ quarantined, skipped, stopped }) => (
          <>
            {stopped.map(({ model, stream, error }) => (
              <p key={model} class="note" data-tone="bad">
                {model} has stopped at <span class="mono">{stream}</span>: {error}
              </p>
            ))}
            {quarantined.length === 0 ? (
              <Empty title="Nothing is quarantined.">Every event has taken effect in every read model.</Empty>
            ) : (
              <>
                <p class="card-body muted small">
                  A key is an order or a user. If one of its events can’t be applied to a read model, that event and the
                  later ones of the key wait, and the read model shows the key as it was before. Mend the cause and
                  retry, or skip the event for good.
                </p>
                <ul class="events">
                  {quarantined.map((key) => (
                    <li key={`${key.model} ${key.stream}`} class="job">
                      <div class="spread">
                        <span class="row">
                          <strong>{key.model}</strong>
                          <a class="mono" href={eventHref(key.stream)}>
                            {key.stream}
                          </a>
                        </span>
                        <span class="row">
                          <button class="small-button" disabled={retry.isBusy} onClick={() => void retry.run(key)}>
                            Retry
                          </button>
                          <button class="small-button danger" onClick={() => setSkipping(key)}>
                            Skip
                          </button>
                        </span>
                      </div>
                      <p>
                        {key.type}, revision {key.revision}, could not be applied: <strong>{key.error}</strong>
                      </p>
                      <p class="muted small">
                        Since <Time at={key.since} exact />. {plural(key.waiting, 'event')} of this key{' '}
                        {key.waiting === 1 ? 'waits' : 'wait'}. All other keys are up to date.{' '}
                        <a href={`/console/log?stream=${encodeURIComponent(key.stream)}`}>Show its events</a>
                      </p>
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
          stream={skipping}
          onClose={() => {
            setSkipping(null);
            query.refresh();
          }}
        />
      )}
    </Card>
  );
}

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

function Skip({ stream: key, onClose }: { stream: Key; onClose: () => void }): VNode {
  return (
    <FormDialog
      title={`Skip ${key.type} of ${key.stream}?`}
      submit="Skip the event"
      isDangerous
      onClose={onClose}
      onSubmit={async (fields, options) => {
        const { stream, model } = key;
        await api.skipQuarantined({ stream, model, reason: textOf(fields, 'reason') }, options);
        say('The event is skipped.');
      }}
    >
      <p class="muted">
        The event never takes effect in {key.model}. The log keeps it, and verifications tell your reason.
      </p>
      <Field label="Reason">
        <input name="reason" required maxLength={500} autofocus />
      </Field>
    </FormDialog>
  );
}
