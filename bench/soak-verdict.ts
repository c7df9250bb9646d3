/** What a soak comes to: pure, so that a test can show that it fails. */
import { slope } from './statistics.js';

/** Of one process. */
export interface ProcessSample {
  readonly rss_mb: number;
  readonly heap_mb: number;
  readonly files: number;
}

export interface Sample {
  /** Since the load began. */
  readonly seconds: number;
  readonly processes: Readonly<Record<string, ProcessSample>>;
  /** With the database. */
  readonly sessions: number;
  /** Of the read model that is furthest behind. */
  readonly lag_events: number;
  /** Since the sample before: requests, and milliseconds from when each was due. */
  readonly requests: number;
  readonly write_p50: number;
  readonly write_p99: number;
  readonly read_p50: number;
  readonly read_p99: number;
}

/** What was seen when the load had ended. */
export interface End {
  /** Each error with how often it came. */
  readonly errors: Readonly<Record<string, number>>;
  /** Seconds until the read models had all that was recorded; null if that did not come. */
  readonly caught_up_seconds: number | null;
  /** What `orderlog verify` said. */
  readonly verified: boolean;
  /** Orders that were acknowledged and that the live tail did not tell. */
  readonly untold: number;
}

/** Of the time, at the beginning: not looked at for growth. */
const WARM_UP = 0.25;
const MOST_RSS_MB = 512;
/** Growth counts if it is more an hour than the first, and altogether more than the second, which is noise. */
const LIMITS = {
  rss_mb: [64, 24],
  heap_mb: [48, 16],
  files: [20, 8],
  sessions: [20, 8],
} as const;

/** @returns each reason why the soak failed; none if it passed */
export function faultsOf(samples: readonly Sample[], end: End): string[] {
  const faults = Object.entries(end.errors).map(([error, times]) => `${times} times: ${error}`);
  if (end.untold > 0) faults.push(`the live tail did not tell of ${end.untold} acknowledged orders`);
  if (end.caught_up_seconds === null) faults.push('the read models did not catch up after the load');
  if (!end.verified) faults.push('verify is not clean');
  if (samples.length === 0) return [...faults, 'there is no sample'];
  const judged = afterWarmUp(samples);
  for (const name of Object.keys(samples[0]?.processes ?? {})) {
    const of = (what: keyof ProcessSample) =>
      judged.map((one) => [one.seconds, one.processes[name]?.[what] ?? NaN] as const);
    for (const what of ['rss_mb', 'heap_mb', 'files'] as const)
      faults.push(...growth(`${what} of ${name}`, of(what), what));
    const most = Math.max(...samples.map(({ processes }) => processes[name]?.rss_mb ?? 0));
    if (!(most <= MOST_RSS_MB)) faults.push(`${name} had ${most} MB in memory; ${MOST_RSS_MB} MB are allowed`);
  }
  faults.push(
    ...growth(
      'sessions',
      judged.map(({ seconds, sessions }) => [seconds, sessions] as const),
      'sessions',
    ),
  );
  return faults;
}

export function afterWarmUp(samples: readonly Sample[]): readonly Sample[] {
  const end = samples.at(-1)?.seconds ?? 0;
  return samples.filter(({ seconds }) => seconds >= end * WARM_UP);
}

/** Of a value by the second, an hour. */
export function perHour(points: readonly (readonly [seconds: number, value: number])[]): number {
  return slope(points) * 3_600;
}

function growth(what: string, points: readonly (readonly [number, number])[], kind: keyof typeof LIMITS): string[] {
  const [hourly, least] = LIMITS[kind];
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  const grown = slope(points) * (last - first);
  // Written so that a value that is missing fails.
  if (perHour(points) <= hourly || grown <= least) return [];
  return [`${what} grows by ${Math.round(perHour(points))} an hour; ${hourly} are allowed`];
}
