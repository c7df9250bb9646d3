/** From a stream to the screen of what it is about. */
import type { VNode } from 'preact';
import { api } from '../api.js';
import { useQuery } from '../use-query.js';

const SCREENS: Readonly<Record<string, (id: string) => string>> = {
  order: (id) => `/console/orders/${id}`,
  user: (id) => `/console/users/${id}`,
  product: (id) => `/console/catalog?product=${id}`,
  stock: (id) => `/console/stock?product=${id}`,
};

function screenOf(stream: string): { readonly thing: string; readonly href: string } | null {
  const [, thing = '', id = ''] = /^(\w+)-(.+)$/.exec(stream) ?? [];
  const href = SCREENS[thing]?.(id);
  return href === undefined ? null : { thing, href };
}

/** The thing's screen, or the stream in the log. */
export const eventHref = (stream: string): string =>
  screenOf(stream)?.href ?? `/console/log?stream=${encodeURIComponent(stream)}`;

/** An order by its number, which people know it by; anything else by its stream. */
export function StreamLink({ stream }: { stream: string }): VNode {
  const [, order_id] = /^order-(.+)$/.exec(stream) ?? [];
  const { data } = useQuery(order_id ?? null, async (signal) => {
    return (await api.getOrder({ order_id: order_id ?? '' }, { signal })).data;
  });
  return (
    <a href={eventHref(stream)} title={stream}>
      {data?.number ? `order ${data.number}` : <span class="mono">{stream}</span>}
    </a>
  );
}

export function ThingLink({ stream }: { stream: string }): VNode | null {
  const screen = screenOf(stream);
  return screen && <a href={screen.href}>Open the {screen.thing}</a>;
}
