import { locks } from './advisory-locks.js';
import { KEEPER } from './alone.js';
import { giveWay } from './background.js';
import { isUnavailable, isUndefinedName, isUndefinedTable } from './errors.js';
import { gather } from './gather.js';
import { migrate } from './migrate.js';
import { outageOf } from './outage.js';
import { createPool } from './pool.js';
import { cutSessions, Session, sessionTo } from './session.js';
import { refuseUnsuitable } from './suitable-database.js';
import { plainArray, textArray } from './text-array.js';
import { inTransaction } from './transaction.js';

/** Connections to a database: each is a session with the settings and deadlines that the engine relies on (docs/decisions/0014). */
export const postgres = {
  createPool,
  Session,
  sessionTo,
  inTransaction,
  migrate,
  refuseUnsuitable,
  isUnavailable,
  isUndefinedName,
  isUndefinedTable,
  outageOf,
  giveWay,
  gather,
  textArray,
  plainArray,
  cutSessions,
  locks,
  /** Name of the connections that say that a process uses a shared embedded server. */
  keeper: KEEPER,
} as const;
