/** No answer within our own time: the client's deadlines do not hold on every path, the server's not when it is frozen. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/** How long one answer is waited for. */
export const ANSWER_TIMEOUT_MS = 3_000;

/** @throws NoAnswer when it does not settle in time; what it does later is nobody's concern */
export async function answered<T>(answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(ms)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
