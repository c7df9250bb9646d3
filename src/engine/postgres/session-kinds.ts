/** What a session is for, and which waits it may have (docs/decisions/0014). */

export interface Bounds {
  /** The server ends a statement after this; 0: a statement takes as long as it takes, and is watched. */
  readonly statementMs: number;
  /** The client hangs up if the server is silent for so long; of a watched statement, it then asks the server about it. */
  readonly answerMs: number;
  /** The server ends a transaction whose client sends nothing for so long. */
  readonly idleInTransactionMs: number;
  /** An idle session asks for an answer so often; 0: never. */
  readonly heartbeatMs: number;
  /** Whether each prepared statement keeps one plan: where statements are many and small, to plan them takes longer than to run them. */
  readonly plansOnce: boolean;
}

export const SESSION_KINDS = {
  /** Of the pool of `serve`: statements that a user waits for. */
  request: { statementMs: 5_000, answerMs: 6_000, idleInTransactionMs: 10_000, heartbeatMs: 0, plansOnce: false },
  /** Appends to the log. */
  append: { statementMs: 5_000, answerMs: 6_000, idleInTransactionMs: 5_000, heartbeatMs: 0, plansOnce: false },
  /** Pages of a projection, of which one may be long; its lease is renewed on it, which is its heartbeat. */
  projector: { statementMs: 0, answerMs: 3_000, idleInTransactionMs: 15_000, heartbeatMs: 0, plansOnce: false },
  /** Waits for notifications. */
  listen: { statementMs: 3_000, answerMs: 4_000, idleInTransactionMs: 8_000, heartbeatMs: 5_000, plansOnce: false },
  /** Holds a lock for as long as its process lives, and writes a little on the way. */
  hold: { statementMs: 5_000, answerMs: 6_000, idleInTransactionMs: 5_000, heartbeatMs: 5_000, plansOnce: true },
  /** Migrations, rebuilds, verification, backup, and the locks that they hold. */
  work: { statementMs: 0, answerMs: 5_000, idleInTransactionMs: 60_000, heartbeatMs: 5_000, plansOnce: false },
  /** Says that a process uses the embedded server. */
  keep: { statementMs: 0, answerMs: 5_000, idleInTransactionMs: 60_000, heartbeatMs: 0, plansOnce: false },
} as const satisfies Readonly<Record<string, Bounds>>;

export type SessionKind = keyof typeof SESSION_KINDS;
