/**
 * The numbers of all advisory locks, so that no two are the same. Locks by the name of a read model go by hashes of texts beginning with
 * `orderlog:` instead. Processes of other releases hold these locks too: a number never changes and is never used again.
 */
export const locks = {
  /** One number: migrations. */
  migrations: 7_401_001,
  /** Appends to the log in Postgres. The functions in migrations/baseline/log.ts have it as well. */
  appends: '7401, 1',
  /** An operation that has to work alone with the database. */
  alone: '7401, 6',
  sealing: '7401, 7',
  /** Removes what nothing in the log names. */
  sweep: '7401, 8',
  /** Which job begins is decided one after the other. */
  jobs: '7401, 20',
  /** First of two numbers: the second is the process that runs keyed commands. Number 0: a process takes its number. */
  processes: 7402,
} as const;
