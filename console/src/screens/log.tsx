/** The log, newest first, with what is appended meanwhile on top. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { api, isDenied } from '../api.js';
import type { StoredEvent } from '../types.js';
import { type Filters, useFilledForm, useFilters } from '../ui/filters.js';
import { textOf } from '../ui/form-dialog.js';
import { Live } from '../ui/live.js';
import { Card, DeniedScreen, Empty, Failure, Field, Loaded } from '../ui/parts.js';
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
  const pages = usePages<StoredEvent>(`log ${JSON.stringify(values)}`, (more, options) =>
    api.listLogEvents({ ...values, ...more }, options),
  );
  const { before, after: _after, ...query } = values;
  // What is appended does not come before a position.
  const mayFollow = before === undefined;
  const tail = useTail(query, pages, isLive && mayFollow);
  if (pages.error && isDenied(pages.error)) return <DeniedScreen title="Log" error={pages.error} />;
  return (
    <div class="stack">
      <div class="spread">
        <h1>Log</h1>
        {mayFollow && (
          <div class="row">
            <Live tail={tail} isPaused={!isLive} />
            <button onClick={() => setLive(!isLive)} disabled={tail.isRefused}>
              {isLive ? 'Pause' : 'Resume'}
            </button>
          </div>
        )}
      </div>
      <LogFilters {...filters} />
      {!mayFollow && (
        <p class="small">
          These are events before a position of the log.{' '}
          <button class="small-button" onClick={() => set({ before: null })}>
            Show the newer ones too
          </button>
        </p>
      )}
      {tail.error && !pages.error && <Failure error={tail.error} />}
      {tail.events.length > 0 && (
        <Card title="Just appended" actions={<ShowBelow refresh={pages.refresh} />} flush>
          {tail.isPartial && (
            <p class="note small muted">
              More events came than can be shown here, so some are left out. “Show in the list” shows all.
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

/** When the list is there, the tail begins behind it. */
function ShowBelow({ refresh }: { refresh: () => void }): VNode {
  return (
    <button class="small-button" onClick={refresh}>
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
  const form = useFilledForm(Object.fromEntries(FIELDS.map(([name]) => [name, values[name] ?? ''])));
  return (
    <form
      ref={form}
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
          <input name={name} placeholder={hint} />
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
