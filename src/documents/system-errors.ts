/** What the system says when it has no more of something: disk space, open files, memory. */
const EXHAUSTED = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EIO', 'EROFS'];
/** And when it does not let this process have it, or a file or folder of the process is gone. */
const REFUSED = ['EACCES', 'EPERM', 'EBUSY', 'ENOENT'];

/** A fault of the system that was seen by another process. */
export class SystemFault extends Error {
  override readonly name = 'SystemFault';
}

/** Whether an error, or what caused it, is the system's and no mistake of the caller or the code. */
export function isSystemFault(error: unknown): boolean {
  return error instanceof SystemFault || hasCode(error, [...EXHAUSTED, ...REFUSED]);
}

/** Whether something is used up. */
export function isExhausted(error: unknown): boolean {
  return hasCode(error, EXHAUSTED);
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  if (!(error instanceof Error)) return false;
  return codes.includes(String((error as NodeJS.ErrnoException).code)) || hasCode(error.cause, codes);
}
