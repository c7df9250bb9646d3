/** The migrations in their order, by the names under which they are recorded: without a file extension, so that sources and output agree. */
import * as log from './0001_log.js';
import * as keys from './0002_keys.js';
import * as projector from './0003_projector.js';
import * as ids from './0004_ids.js';
import * as identity from './0005_log_identity.js';
import * as builds from './0006_builds.js';
import * as quarantine from './0007_quarantine.js';
import * as snapshots from './0008_snapshots.js';
import * as announced from './0009_announced_categories.js';

export const migrations = {
  '0001_log': log,
  '0002_keys': keys,
  '0003_projector': projector,
  '0004_ids': ids,
  '0005_log_identity': identity,
  '0006_builds': builds,
  '0007_quarantine': quarantine,
  '0008_snapshots': snapshots,
  '0009_announced_categories': announced,
};
