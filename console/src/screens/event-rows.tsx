/** Events of several streams, each with the way to its stream and to what it is about. */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { StoredEvent } from '../types.js';
import { EventDetails } from '../ui/events.js';
import { ThingLink } from '../ui/thing-link.js';

interface EventRowsProps {
  readonly events: readonly StoredEvent[];
  readonly onStream: (stream: string) => void;
}

export function EventRows({ events, onStream }: EventRowsProps): VNode {
  // A link to an event names its id.
  const linked = location.hash.slice(1);
  const isThere = events.some(({ event_id }) => event_id === linked);
  useEffect(() => {
    if (isThere) document.getElementById(linked)?.scrollIntoView({ block: 'center' });
  }, [linked, isThere]);
  return (
    <ol class="events">
      {events.map((event) => (
        <li key={event.position} {...(event.event_id === linked && { id: linked })}>
          <EventDetails event={event} isOpen={event.event_id === linked} />
          {event.stream && (
            <p class="row small">
              <button class="small-button quiet mono" onClick={() => onStream(event.stream ?? '')}>
                {event.stream}
              </button>
              <ThingLink stream={event.stream} />
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
