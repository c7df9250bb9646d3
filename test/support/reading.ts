import { Refusal } from '../../src/engine/core/errors.js';

interface ListAnswer<Item, Key> {
  readonly next: Key | null;
  readonly products?: readonly Item[];
  readonly orders?: readonly Item[];
  readonly users?: readonly Item[];
  readonly stock?: readonly Item[];
}

/** Everything in a list, page after page; `between` runs after each page. */
export async function pagesOf<Item, Key>(
  page: (after: Key | null) => Promise<ListAnswer<Item, Key>>,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<Item[]> {
  const items: Item[] = [];
  let after: Key | null = null;
  do {
    const answer: ListAnswer<Item, Key> = await page(after);
    items.push(...(answer.products ?? answer.orders ?? answer.users ?? answer.stock ?? []));
    after = answer.next;
    if (items.length > 100_000) throw new Error('the list does not end');
    await between();
  } while (after !== null);
  return items;
}

/** The code of the refusal that a call ends with; null when it is not refused. */
export async function codeOfAsync(call: () => Promise<unknown>): Promise<string | null> {
  try {
    await call();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
