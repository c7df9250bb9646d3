import t from 'tap';
import { type End, faultsOf, type Sample } from '../../bench/soak-verdict.js';

const clean: End = { errors: {}, caught_up_seconds: 0.2, verified: true, untold: 0 };

/** Half an hour, a sample every ten seconds. */
function samples(
  of: (minute: number) => Partial<Sample['processes'][string]> & { readonly sessions?: number },
): Sample[] {
  return Array.from({ length: 180 }, (_, n) => {
    const { sessions = 40, ...process } = of(n / 6);
    return {
      ...{
        seconds: n * 10,
        sessions,
        lag_events: 0,
        requests: 400,
        write_p50: 5,
        write_p99: 9,
        read_p50: 2,
        read_p99: 5,
      },
      processes: { api: { rss_mb: 150, heap_mb: 60, files: 50, ...process } },
    };
  });
}

t.test('a soak passes if nothing failed and nothing grows', async (t) => {
  t.same(
    faultsOf(
      samples(() => ({})),
      clean,
    ),
    [],
  );
  const noise = samples((minute) => ({ rss_mb: 150 + 20 * Math.sin(minute), files: 50 + 4 * Math.sin(minute) }));
  t.same(faultsOf(noise, clean), [], 'up and down is no growth');
  t.same(
    faultsOf(
      samples((minute) => ({ rss_mb: Math.min(200, 100 + 20 * minute) })),
      clean,
    ),
    [],
    'nor is a warm-up',
  );
});

t.test('memory that grows after the warm-up fails', async (t) => {
  t.same(
    faultsOf(
      samples((minute) => ({ rss_mb: 150 + 2 * minute })),
      clean,
    ),
    ['rss_mb of api grows by 120 an hour; 64 are allowed'],
  );
  t.match(
    faultsOf(
      samples((minute) => ({ heap_mb: 60 + 2 * minute })),
      clean,
    ),
    [/^heap_mb of api grows by 120 an hour/],
  );
});

t.test('memory over the limit fails, even for a moment of the warm-up', async (t) => {
  const high = samples((minute) => (minute < 1 ? { rss_mb: 600 } : {}));
  t.same(faultsOf(high, clean), ['api had 600 MB in memory; 512 MB are allowed']);
});

t.test('open files and sessions that grow fail', async (t) => {
  t.match(
    faultsOf(
      samples((minute) => ({ files: 50 + minute })),
      clean,
    ),
    [/^files of api grows by 60 an hour/],
  );
  t.match(
    faultsOf(
      samples((minute) => ({ sessions: 40 + minute })),
      clean,
    ),
    [/^sessions grows by 60 an hour/],
  );
});

t.test('a value that is missing fails', async (t) => {
  t.match(
    faultsOf(
      samples(() => ({ rss_mb: NaN })),
      clean,
    ),
    [/^rss_mb of api/, /^api had NaN MB/],
  );
});

t.test('errors, orders that the tail did not tell, lag and differences fail', async (t) => {
  const of = (end: Partial<End>): readonly string[] =>
    faultsOf(
      samples(() => ({})),
      { ...clean, ...end },
    );
  t.same(of({ errors: { 'pay: 503 overloaded': 2 } }), ['2 times: pay: 503 overloaded']);
  t.match(of({ untold: 3 }), [/did not tell of 3 acknowledged orders/]);
  t.match(of({ caught_up_seconds: null }), [/did not catch up/]);
  t.same(of({ verified: false }), ['verify is not clean']);
});

t.test('a soak without a sample fails', async (t) => {
  t.same(faultsOf([], clean), ['there is no sample']);
});
