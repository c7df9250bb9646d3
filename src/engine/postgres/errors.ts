/** SQLSTATE classes and codes that say "not now" rather than "not so". */
const UNAVAILABLE_CLASSES = ['08', '53', '57P', '58'];
const UNAVAILABLE_CODES = ['25006', '57014', '40001', '40P01', '55P03'];
const SYSTEM_CODES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'];
const CLIENT_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|not queryable|Client was closed|Cannot use a pool after calling end/;

/**
 * Whether an error of pg says that the database can't be reached, is shutting down, is full or overloaded, or gave the
 * transaction up: worth another try, and nobody's mistake. Anything else is an error of the statement.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (typeof code === 'string') {
    // A Unix socket that is not there. A missing file has the same code, and says nothing about the database.
    if (code === 'ENOENT') return syscall === 'connect';
    if (SYSTEM_CODES.includes(code) || UNAVAILABLE_CODES.includes(code)) return true;
    if (code.length === 5) return UNAVAILABLE_CLASSES.some((start) => code.startsWith(start));
  }
  return CLIENT_MESSAGES.test(error.message);
}

/** Whether a statement gave up a lock that others hold: it waited for longer than its `lock_timeout`, or they waited for it in turn. */
export function isLockRefused(error: unknown): boolean {
  return ['55P03', '40P01'].includes((error as { code?: string }).code ?? '');
}

/** Whether a statement names a schema or a table that is not there. */
export function isUndefinedTable(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === '42P01' || code === '3F000';
}

const UNDEFINED_COLUMN = '42703';

/** Whether a statement names a schema, a table or a column that is not there: its message says which, and quotes no value. */
export function isUndefinedName(error: unknown): boolean {
  return isUndefinedTable(error) || (error as { code?: unknown } | null)?.code === UNDEFINED_COLUMN;
}

/** Another type than the statement was written for: the types differ, there is no such operator or function, or no such cast. */
const OTHER_TYPE = ['42804', '42883', '42846'];

/** Whether a statement does not fit the tables as they are. */
export function isOfTheTables(error: unknown): boolean {
  return isUndefinedName(error) || OTHER_TYPE.includes(String((error as { code?: unknown } | null)?.code));
}
