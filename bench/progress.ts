/** What a long benchmark does at the moment, on standard error. */

export type Tell = (detail: string) => void;

const TELL_EVERY_MS = 15_000;

/** Says what begins, every few seconds how far it is, and how long it took. */
export async function step<T>(what: string, work: (tell: Tell) => Promise<T>): Promise<T> {
  const begun = performance.now();
  let detail = '';
  const say = (how: string): void =>
    console.error(`${what}: ${how}${Math.round((performance.now() - begun) / 100) / 10} s`);
  console.error(`${what} …`);
  const timer = setInterval(() => say(detail === '' ? '' : `${detail}, `), TELL_EVERY_MS);
  try {
    const done = await work((text) => (detail = text));
    say('done in ');
    return done;
  } finally {
    clearInterval(timer);
  }
}
