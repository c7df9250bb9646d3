import { ModelBusy } from './builds/model-locks.js';
import { NoStandby } from './builds/rollback.js';
import { WorseThanLive } from './builds/worse-than-live.js';
import { EventStoreUnavailable, EventTooLarge, StreamNotFound } from './core/errors.js';
import { UnreadableEvent } from './core/event-type.js';
import { Unopened } from './core/vault.js';
import { WrongLog } from './log/log-identity.js';
import { BadPoint } from './log/point.js';
import { UnsuitableDatabase } from './postgres/suitable-database.js';
import { NotQuarantined } from './quarantine/quarantine.js';
import { ChangedMeanwhile } from './verifying/live.js';

/** What the engine throws beside a Refusal, for `instanceof`. */
export const errors = {
  // Of the log
  EventStoreUnavailable,
  EventTooLarge,
  StreamNotFound,
  UnreadableEvent,
  Unopened,
  BadPoint,
  // Of opening
  UnsuitableDatabase,
  WrongLog,
  // Of operations
  ChangedMeanwhile,
  ModelBusy,
  NoStandby,
  NotQuarantined,
  WorseThanLive,
} as const;
