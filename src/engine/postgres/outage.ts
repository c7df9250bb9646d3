/** What a Postgres server says when it can't work just now. Its own words name neither the server nor a remedy. */
import type pg from 'pg';

export interface Outage {
  /** Said of the database: "has no disk space left". */
  readonly what: string;
  readonly remedy: string;
  /** Somebody must act: it does not pass by itself. */
  readonly lasts: boolean;
}

const STOPS: Outage = {
  what: 'ended the connection, because it stops, restarts or was told to',
  remedy: 'start it again if it does not come back by itself',
  lasts: false,
};

/** By SQLSTATE. */
const OUTAGES: Readonly<Record<string, Outage>> = {
  '53100': { what: 'has no disk space left', remedy: 'make room on its disk', lasts: true },
  '53200': {
    what: 'has no memory left',
    remedy:
      'give its machine more memory, or lower its settings work_mem and max_connections; where it lacks shared memory, raise its ' +
      'setting max_locks_per_transaction',
    lasts: true,
  },
  '53300': {
    what: 'takes no more connections',
    remedy:
      'end connections of other programs, or raise its setting max_connections, or the limit of the role or database',
    lasts: true,
  },
  '53400': { what: 'has reached a limit of its settings', remedy: 'raise that limit', lasts: true },
  '57P01': STOPS,
  '57P02': STOPS,
  '57P03': {
    what: 'is starting or stopping',
    remedy: 'wait, and look at its log if that does not end',
    lasts: false,
  },
  '58030': { what: 'can not read or write its files', remedy: 'look at its disk, and at its log', lasts: true },
};

/** Null for an error that neither is nor comes from one of these. */
export function outageOf(error: unknown): Outage | null {
  for (let one = error; one instanceof Error; one = one.cause) {
    const outage = OUTAGES[String((one as { code?: unknown }).code)];
    if (outage) return outage;
  }
  return null;
}

/** Where a session is connected to. */
interface Place extends Pick<pg.Client, 'host' | 'port' | 'database'> {
  /** Of an embedded server. */
  readonly folder?: string | undefined;
}

/** Adds the place and the remedy to what the server says of an outage: wherever it is told, it names both. */
export function explainOutage(error: Error, { host, port, database, folder }: Place): void {
  const outage = outageOf(error);
  if (!outage) return;
  const place =
    folder === undefined ? `the database ${database} on ${host}:${port}` : `the embedded Postgres in ${folder}`;
  error.message = `${place} ${outage.what} (${error.message}): ${outage.remedy}`;
}
