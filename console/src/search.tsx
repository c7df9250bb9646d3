/** One box that finds any id, number, SKU, reference, e-mail address or name of a product. */
import type { VNode } from 'preact';
import { useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, ProblemError } from './api.js';
import { named, shortId } from './format.js';
import type { Category, Order, Product, User } from './types.js';
import { reasonOf } from './ui/parts.js';
import { useQuery } from './use-query.js';

interface Hit {
  readonly href: string;
  readonly text: string;
  readonly kind: string;
}

export function Search(): VNode {
  const { route } = useLocation();
  const [text, setText] = useState('');
  const [asked, setAsked] = useState('');
  const [selected, setSelected] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 250);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing = (event.target as HTMLElement).closest('input, textarea, select, dialog');
      if (event.key !== '/' || typing) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const found = useQuery(asked === '' ? null : asked, (signal) => hitsFor(asked, signal));
  const hits = asked === text.trim() ? found.data : undefined;
  const go = (hit: Hit): void => {
    setText('');
    route(hit.href);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') setText('');
    if (!hits || hits.length === 0) return;
    const chosen = hits[selected] ?? hits[0];
    if (event.key === 'Enter' && chosen) go(chosen);
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    setSelected((selected + (event.key === 'ArrowDown' ? 1 : -1) + hits.length) % hits.length);
  };
  const isOpen = text.trim() !== '';
  return (
    <div
      class="search"
      ref={box}
      role="search"
      onFocusOut={({ relatedTarget }) => {
        if (!box.current?.contains(relatedTarget as Node | null)) setText('');
      }}
    >
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Find an order, user, product or category"
        aria-expanded={isOpen}
        aria-controls="search-hits"
        aria-activedescendant={isOpen && hits && hits.length > 0 ? `hit-${selected}` : undefined}
        autocomplete="off"
        placeholder="Find an id, order number, SKU or e-mail  ( / )"
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setSelected(0);
        }}
        onKeyDown={onKeyDown}
      />
      {isOpen && <Hits hits={hits} error={found.error} selected={selected} go={go} />}
    </div>
  );
}

interface HitsProps {
  readonly hits: readonly Hit[] | undefined;
  readonly error: Error | undefined;
  readonly selected: number;
  readonly go: (hit: Hit) => void;
}

function Hits({ hits, error, selected, go }: HitsProps): VNode {
  const message = error
    ? reasonOf(error)
    : hits === undefined
      ? 'Searching…'
      : 'Nothing has this id, number, SKU or address.';
  return (
    <ul class="search-hits" id="search-hits" role="listbox" aria-label="Found">
      {hits && hits.length > 0 ? (
        hits.map((hit, index) => (
          <li key={hit.href} id={`hit-${index}`} role="option" aria-selected={index === selected}>
            <a
              href={hit.href}
              tabIndex={-1}
              onClick={(event) => {
                event.preventDefault();
                go(hit);
              }}
            >
              <span>{hit.text}</span>
              <span class="muted small">{hit.kind}</span>
            </a>
          </li>
        ))
      ) : (
        <li role="option" aria-selected={false}>
          <span class="muted small">{message}</span>
        </li>
      )}
    </ul>
  );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Asks every place where the text can be known. A place that does not know it, or may not be asked, finds nothing. */
async function hitsFor(text: string, signal: AbortSignal): Promise<readonly Hit[]> {
  const one = <T,>(asked: Promise<{ readonly data: T }>, hitOf: (data: T) => Hit): Promise<readonly Hit[]> =>
    found(async () => [hitOf((await asked).data)]);
  const list = <T,>(
    asked: Promise<{ readonly data: readonly T[] }>,
    hitOf: (data: T) => Hit,
  ): Promise<readonly Hit[]> => found(async () => (await asked).data.map(hitOf));
  const limit = 5;
  const options = { signal };
  const asked: Promise<readonly Hit[]>[] = [];
  if (UUID.test(text)) {
    asked.push(one(api.getOrder({ order_id: text }, options), orderHit));
    asked.push(one(api.getUser({ user_id: text }, options), userHit));
  }
  if (text.includes('@')) asked.push(list(api.listUsers({ email: text, limit }, options), userHit));
  if (/^[1-9]\d{0,9}$/.test(text)) {
    asked.push(one(api.getProduct({ product_id: Number(text) }, options), productHit));
    asked.push(one(api.getCategory({ cat_id: Number(text) }, options), categoryHit));
  }
  if (/^O-\d+$/i.test(text)) asked.push(list(api.listOrders({ number: text.toUpperCase(), limit }, options), orderHit));
  // A SKU, a reference and a name can look like anything, such as an id or an address.
  for (const status of ['active', 'retired'] as const)
    asked.push(list(api.listProducts({ sku: text, status, limit }, options), productHit));
  asked.push(list(api.listOrders({ external_reference: text, limit }, options), orderHit));
  if (text.length > 1) asked.push(list(api.listProducts({ q: text, limit }, options), productHit));
  const hits = (await Promise.all(asked)).flat();
  return [...new Map(hits.map((hit) => [hit.href, hit])).values()];
}

async function found(ask: () => Promise<readonly Hit[]>): Promise<readonly Hit[]> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ProblemError && [400, 403, 404].includes(error.status)) return [];
    throw error;
  }
}

const orderHit = ({ order_id, number, status }: Order): Hit => ({
  href: `/console/orders/${order_id}`,
  text: number ?? shortId(order_id),
  kind: `order, ${status}`,
});
const userHit = ({ user_id, name, email }: User): Hit => ({
  href: `/console/users/${user_id}`,
  text: name === null ? shortId(user_id) : `${named(name)} · ${email ?? ''}`,
  kind: 'user',
});
const productHit = ({ product_id, sku, name, status }: Product): Hit => ({
  href: `/console/catalog?product=${product_id}`,
  text: `${named(name)} · ${sku}`,
  kind: `product ${product_id}${status === 'retired' ? ', retired' : ''}`,
});
const categoryHit = ({ cat_id, name }: Category): Hit => ({
  href: `/console/catalog?category=${cat_id}`,
  text: named(name),
  kind: `category ${cat_id}`,
});
