/** The events of one thing, oldest first: what its state is made of. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { StoredEvent } from '../types.js';
import { Card, Empty, Loaded, Time } from './parts.js';
import { type ListPage, usePages } from './pages.js';

interface EventListProps {
  /** Of the thing that the events are of. */
  readonly name: string;
  /** Another one reads again. */
  readonly version: number;
  readonly list: ListPage<StoredEvent>;
}

export function EventList({ name, version, list }: EventListProps): VNode {
  const pages = usePages(name, list);
  const { refresh } = pages;
  useEffect(refresh, [version, refresh]);
  return (
    <Card title="Events" flush>
      <Loaded query={pages}>
        {(events) =>
          events.length === 0 ? (
            <Empty title="No events." />
          ) : (
            <ol class="events">
              {events.map((event) => (
                <li key={event.position}>
                  <EventDetails event={event} isOpen={events.length < 4} />
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
      {pages.more}
    </Card>
  );
}

export function EventDetails({ event, isOpen }: { event: StoredEvent; isOpen?: boolean }): VNode {
  const { type, revision, recorded_at } = event;
  const [wasOpen, setWasOpen] = useState(isOpen === true);
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => currentTarget.open && setWasOpen(true)}>
      <summary class="spread">
        <span>
          <strong>{type}</strong> <span class="muted small">revision {revision}</span>
        </span>
        <span class="muted small">
          <Time at={recorded_at} exact />
        </span>
      </summary>
      {/* Most are never opened, and under load many come and go. */}
      {wasOpen && <Content event={event} />}
    </details>
  );
}

function Content({ event }: { event: StoredEvent }): VNode {
  const { type, data, metadata } = event;
  return (
    <>
      <pre class="long" tabIndex={0} aria-label={`Data of ${type}`}>
        {JSON.stringify(data, null, 2)}
      </pre>
      <details>
        <summary class="small">Metadata</summary>
        <pre>{JSON.stringify(metadata, null, 2)}</pre>
      </details>
      <Causes event={event} />
    </>
  );
}

/** Where the event comes from: its request, and for what a reactor did the event that it reacted to. */
function Causes({ event: { metadata, position } }: { event: StoredEvent }): VNode | null {
  const { correlation_id: request, causation_id: cause, command_id: command } = metadata;
  if (typeof request !== 'string') return null;
  const query = new URLSearchParams({ correlation_id: request, near: position });
  // A cause comes before its effect, so the list begins there.
  const earlier = new URLSearchParams({ correlation_id: request, before: position });
  return (
    <p class="row small">
      <a href={`/console/log?${query.toString()}`}>All events of this request</a>
      {typeof cause === 'string' && cause !== command && (
        <a href={`/console/log?${earlier.toString()}#${cause}`}>The event that caused it</a>
      )}
    </p>
  );
}
