import { makeAsOfBuildsForParent } from './builds/as-of-builder.js';
import { TableImport } from './copying/import.js';

/** Works on a database without an engine that is open in this process. */
export const apart = {
  /** What the process runs in which as-of builds are made. */
  makeAsOfBuildsForParent,
  /** Puts exported tables into an empty database. */
  TableImport,
} as const;
