import type { Plot, Series } from './plot.js';
import type { ProcessSample, Sample } from './soak-verdict.js';

export function soakPlots(samples: readonly Sample[]): Plot[] {
  const x = { label: 'minutes' };
  const series = (name: string, of: (sample: Sample) => number): Series => ({
    name,
    points: samples.map((sample) => [sample.seconds / 60, of(sample)] as const),
  });
  const names = Object.keys(samples[0]?.processes ?? {});
  const ofProcesses = (what: keyof ProcessSample, ending: string): Series[] =>
    names.map((name) => series(`${name}, ${ending}`, ({ processes }) => processes[name]?.[what] ?? NaN));
  return [
    {
      title: 'Memory',
      x,
      y: { label: 'MB' },
      series: [...ofProcesses('rss_mb', 'resident'), ...ofProcesses('heap_mb', 'heap')],
    },
    {
      title: 'Open files and sessions',
      x,
      y: { label: 'number' },
      series: [...ofProcesses('files', 'open files'), series('sessions with the database', (one) => one.sessions)],
    },
    {
      title: 'Lag of the read models',
      x,
      y: { label: 'events' },
      series: [series('furthest behind', (one) => one.lag_events)],
    },
    {
      title: 'Latency of each five seconds, from the moment a request was due',
      x,
      y: { label: 'ms', log: true },
      series: [
        series('write p50', (one) => one.write_p50),
        series('write p99', (one) => one.write_p99),
        series('read p50', (one) => one.read_p50),
        series('read p99', (one) => one.read_p99),
      ],
    },
  ];
}
