/** The log, newest first, with what is appended meanwhile on top. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api, isDenied } from '../api.js';
import type { StoredEvent } from '../types.js';
import { type Filters, useFilters } from '../ui/filters.js';
import { textOf } from '../ui/form-dialog.js';
import { Live } from '../ui/live.js';
import { Card, Empty, Failure, Field, Loaded } from '../ui/parts.js';
import { usePages } from '../ui/pages.js';
import { useTail } from '../use-tail.js';
import { EventRows } from './event-rows.js';
import { RequestEvents } from './request-events.js';

export function Log(): VNode {
  const filters = useFilters();
  const { values, set } = filters;
  const { correlation_id, near } = values;
  return correlation_id !== undefined && near !== undefined ? (
    <RequestEvents
      correlationId={correlation_id}
      near={near}
      onStream={(stream) => set({ stream, correlation_id: null, near: null })}
      onWholeLog={() => set({ near: null })}
    />
  ) : (
    <WholeLog {...filters} />
  );
}

function WholeLog(filters: Filters): VNode {
  const { values, set } = filters;
  const [isLive, setLive] = useState(true);
  const tail = useTail(values, isLive);
  const pages = usePages<StoredEvent>(`log ${JSON.stringify(values)}`, (more, options) =>
    api.listLogEvents({ ...values, ...more }, options),
  );
  if (pages.error && isDenied(pages.error)) {
    return (
      <div class="stack">
        <h1>Log</h1>
        <Failure error={pages.error} />
      </div>
    );
  }
  return (
    <div class="stack">
      <div class="spread">
        <h1>Log</h1>
        <div class="row">
          <Live tail={tail} isPaused={!isLive} />
          <button onClick={() => setLive(!isLive)} disabled={tail.isRefused}>
            {isLive ? 'Pause' : 'Resume'}
          </button>
        </div>
      </div>
      <LogFilters {...filters} />
      {values['before'] && (
        <p class="small">
          These are events before a position of the log.{' '}
          <button class="small-button" onClick={() => set({ before: null })}>
            Show the newer ones too
          </button>
        </p>
      )}
      {tail.error && !pages.error && <Failure error={tail.error} />}
      {tail.events.length > 0 && (
        <Card title="Just appended" actions={<ShowBelow refresh={pages.refresh} clear={tail.clear} />} flush>
          {tail.isPartial && (
            <p class="note small muted">
              Events came faster than they can be shown, so some between these are left out. “Show in the list” shows
              all.
            </p>
          )}
          <EventRows events={tail.events} onStream={(stream) => set({ stream })} />
        </Card>
      )}
      <Card title="Events, newest first" flush>
        <Loaded query={pages}>
          {(events) =>
            events.length === 0 ? (
              <Empty title={pages.more ? 'No event fits so far.' : 'No event fits.'}>
                {pages.more && (
                  <p>
                    {pages.isSearching
                      ? 'Looking further back in the log…'
                      : 'Press “Show more” to look further back in the log.'}
                  </p>
                )}
                {Object.keys(values).length > 0 && <a href="/console/log">Show the whole log</a>}
              </Empty>
            ) : (
              <EventRows events={events} onStream={(stream) => set({ stream })} />
            )
          }
        </Loaded>
        {pages.more}
      </Card>
    </div>
  );
}

function ShowBelow({ refresh, clear }: { refresh: () => void; clear: () => void }): VNode {
  return (
    <button
      class="small-button"
      onClick={() => {
        clear();
        refresh();
      }}
    >
      Show in the list
    </button>
  );
}

const FIELDS = [
  ['stream', 'Stream', 'order-…'],
  ['types', 'Types', 'OrderPlaced,OrderPaid'],
  ['correlation_id', 'Correlation id', ''],
] as const;

function LogFilters({ values, set }: Filters): VNode {
  // Another address fills the fields again.
  const [round, setRound] = useState(0);
  const shown = JSON.stringify(values);
  useEffect(() => setRound((before) => before + 1), [shown]);
  return (
    <form
      key={round}
      class="filters"
      aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        set(Object.fromEntries(FIELDS.map(([name]) => [name, textOf(fields, name)])));
      }}
    >
      {FIELDS.map(([name, label, hint]) => (
        <Field key={name} label={label}>
          <input name={name} defaultValue={values[name] ?? ''} placeholder={hint} />
        </Field>
      ))}
      <button>Show</button>
      {Object.keys(values).length > 0 && (
        <a class="button" href="/console/log">
          Show all
        </a>
      )}
    </form>
  );
}
