interface Page<Item> {
  readonly data: readonly Item[];
  /** Path and query of the next page. */
  readonly next: string | null;
}

type ItemOf<P> = P extends Page<infer Item> ? Item : never;

/** A list: await it for its first page, or iterate over all of it. Pages are fetched as they are needed. */
export interface Listing<P extends Page<unknown>> extends Promise<P>, AsyncIterable<ItemOf<P>> {
  /** Page by page, for what stands beside the items. */
  pages(): AsyncGenerator<P, void, undefined>;
}

/** @param more fetches the page of a query, as `next` has it */
export function listing<P extends Page<unknown>>(
  first: Promise<P>,
  more: (query: Readonly<Record<string, string>>) => Promise<P>,
): Listing<P> {
  async function* pages(): AsyncGenerator<P, void, undefined> {
    let page = await first;
    yield page;
    while (page.next !== null) {
      page = await more(Object.fromEntries(new URLSearchParams(page.next.slice(page.next.indexOf('?')))));
      yield page;
    }
  }
  async function* items(): AsyncGenerator<ItemOf<P>, void, undefined> {
    for await (const page of pages()) yield* page.data as readonly ItemOf<P>[];
  }
  return Object.assign(first, { pages, [Symbol.asyncIterator]: items });
}
