/**
 * Asks for the next page while the last one is worked on, as long as there is a backlog. At the head it waits to ask, so
 * that what arrives meanwhile comes as one page.
 */
export async function* readAhead<Page extends { readonly caughtUp: boolean }>(
  pages: AsyncIterable<Page>,
): AsyncGenerator<Page, void, undefined> {
  const iterator = pages[Symbol.asyncIterator]();
  let early: Promise<IteratorResult<Page>> | null = null;
  try {
    for (;;) {
      const next: IteratorResult<Page, unknown> = await (early ?? iterator.next());
      early = null;
      if (next.done) return;
      const { value } = next;
      if (!value.caughtUp) {
        early = iterator.next();
        // Seen when it is waited for.
        early.catch(() => undefined);
      }
      yield value;
    }
  } finally {
    // With a page under way the iterator ends when that is there; its own signal sees to it that this is soon.
    const ended = iterator.return?.();
    if (!early) await ended;
    else ended?.catch(() => undefined);
  }
}
