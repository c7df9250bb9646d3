/** The events of one request, from around one of them: from the end of a long log they would take long to find. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api, serverEvents } from '../api.js';
import type { StoredEvent } from '../types.js';
import { Card, Failure } from '../ui/parts.js';
import { useQuery } from '../use-query.js';
import { EventRows } from './event-rows.js';
import { type Later, useLater } from './later-events.js';

/** The events of a request stand close to each other: it is looked on for so long behind the last one. */
const QUIET_MS = 1_500;
/** Events of a request, such as an import, that are shown here from each direction. */
const MOST = 100;

interface RequestEventsProps {
  readonly correlationId: string;
  /** Position of one of its events. */
  readonly near: string;
  readonly onStream: (stream: string) => void;
  readonly onWholeLog: () => void;
}

export function RequestEvents({ correlationId, near, onStream, onWholeLog }: RequestEventsProps): VNode {
  const older = useQuery(`before ${correlationId} ${near}`, async (signal) => {
    const input = { correlation_id: correlationId, before: near, limit: MOST };
    return (await api.listLogEvents(input, { signal })).data;
  });
  const newer = useNewer(correlationId, near);
  const later = useLater(correlationId, newer.events[0]?.position ?? near);
  const error = older.error ?? newer.error;
  const isLooking = older.isLoading || newer.isLooking;
  return (
    <div class="stack">
      <h1>Log</h1>
      {error && <Failure error={error} retry={older.refresh} />}
      <Card title="Events of the request, newest first" flush>
        <div class="note small stack-tight">
          <p role="status">{isLooking ? 'Looking for the events of this request…' : scopeOf(later)}</p>
          {later.error && <Failure error={later.error} />}
          {!isLooking && (
            <div class="row">
              {later.isLooking ? (
                <button class="small-button" onClick={later.stop}>
                  Stop
                </button>
              ) : (
                <button class="small-button" onClick={later.look}>
                  {later.isDone ? 'Look again' : 'Look for later events'}
                </button>
              )}
              <button class="small-button" onClick={onWholeLog}>
                Look through the whole log
              </button>
            </div>
          )}
        </div>
        <EventRows events={[...later.events, ...newer.events, ...(older.data ?? [])]} onStream={onStream} />
      </Card>
    </div>
  );
}

/** Which part of the log the list covers, and what can be missing. */
function scopeOf({ isLooking, isDone, isFull }: Later): string {
  if (isLooking) return 'Looking for later events of this request, from the end of the log back to this list…';
  if (isFull) return 'This request has too many later events for this list. The whole log shows them page by page.';
  return isDone
    ? 'The list has all later events of this request that the log has by now. Much earlier ones can be missing.'
    : 'The list covers the part of the log around one event. Events that were recorded much earlier or later, for example by a reactor, can be missing.';
}

interface Newer {
  /** Newest first, the one at the position too. */
  readonly events: readonly StoredEvent[];
  readonly isLooking: boolean;
  readonly error?: Error;
}

/** Lists go backwards only, so what comes behind the position is read as the log's tail from there. */
function useNewer(correlationId: string, near: string): Newer {
  const [newer, setNewer] = useState<Newer>({ events: [], isLooking: true });
  useEffect(() => {
    const ends = new AbortController();
    const { signal } = ends;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isEnough = false;
    const stop = (): void => {
      isEnough = true;
      ends.abort();
    };
    const follow = async (): Promise<void> => {
      // A tail begins behind a position: that of the event before.
      const [before] = (await api.listLogEvents({ before: near, limit: 1 }, { signal })).data;
      const input = { correlation_id: correlationId, after: before?.position ?? near };
      const wait = (): void => {
        clearTimeout(timer);
        timer = setTimeout(stop, QUIET_MS);
      };
      let count = 0;
      for await (const { event, data } of serverEvents('listLogEvents', input, { signal, onOpen: wait })) {
        if (event !== 'recorded') continue;
        const came = JSON.parse(data) as StoredEvent;
        setNewer(({ events }) => ({ events: [came, ...events], isLooking: true }));
        count += 1;
        if (count === MOST) return stop();
        wait();
      }
    };
    setNewer({ events: [], isLooking: true });
    follow()
      .catch((error: unknown) => {
        if (!signal.aborted) setNewer(({ events }) => ({ events, isLooking: false, error: error as Error }));
      })
      .finally(() => {
        if (isEnough) setNewer(({ events }) => ({ events, isLooking: false }));
      });
    return () => {
      clearTimeout(timer);
      ends.abort();
    };
  }, [correlationId, near]);
  return newer;
}
