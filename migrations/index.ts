/** The migrations in their order, by the names under which they are recorded: without a file extension, so that sources and output agree. */
import * as baseline from './0001_baseline.js';
import * as snapshots from './0004_snapshots.js';
import * as jobs from './0005_jobs.js';

export const migrations = {
  '0001_baseline': baseline,
  '0004_snapshots': snapshots,
  '0005_jobs': jobs,
};
