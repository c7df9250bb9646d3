import type pg from 'pg';
import type { Position } from '../../core/event-store.js';
import type { LogTimes } from '../../core/log-times.js';
import { positionOf } from './position.js';

/**
 * Halves the log until one place is left: the answer is always in [low, high]. Positions have no gap and times never run
 * backwards along them (migrations/baseline/log.ts), so this needs no index but the primary key, and one round trip.
 */
const BISECT = `
  with recursive ends as (
    select coalesce(max(position), 0) as head from orderlog.events
  ), half (low, high) as (
    select 0::bigint, ends.head from ends
    union all
    select case when m.before then m.middle else m.low end, case when m.before then m.high else m.middle - 1 end
    from (
      select b.low, b.high, b.middle,
        (select e.recorded_at from orderlog.events e where e.position = b.middle) <= $1::timestamptz as before
      from (select low, high, (low + high + 1) / 2 as middle from half where low < high) b
    ) m
  )
  select half.low as place,
    $1::timestamptz > greatest(clock_timestamp(),
      (select e.recorded_at from orderlog.events e where e.position = ends.head)) as beyond
  from half, ends where half.low >= half.high`;

/** By the clock of the database, which is the one of its log. */
export class PostgresTimes implements LogTimes {
  constructor(private readonly pool: pg.Pool) {}

  async positionAt(time: string): Promise<Position | null> {
    const { rows } = await this.pool.query<{ place: number; beyond: boolean }>({
      name: 'log-times-bisect',
      text: BISECT,
      values: [time],
    });
    const [found] = rows;
    return !found || found.beyond ? null : positionOf(BigInt(found.place));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
