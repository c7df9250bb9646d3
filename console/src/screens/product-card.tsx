/** One product: what it costs and did cost, where it stands, what can be done with it. */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api } from '../api.js';
import { money, named, number, plural } from '../format.js';
import { May } from '../role.js';
import { useTitle } from '../title.js';
import type { Product, StoredEvent } from '../types.js';
import { Curve } from '../ui/curve.js';
import { useFilters } from '../ui/filters.js';
import { Card, Failure, Loaded, Money, Status } from '../ui/parts.js';
import { queryOf } from '../ui/pages.js';
import { say } from '../ui/toasts.js';
import { useAction, useQuery } from '../use-query.js';
import { ChangeProduct } from './product-dialogs.js';

const CATALOG = ['/console/catalog', 'All categories'] as const;

export function ProductCard({ productId, onChange }: { productId: number; onChange: () => void }): VNode {
  const query = useQuery(`product ${productId}`, async (signal) => {
    return (await api.getProduct({ product_id: productId }, { signal })).data;
  });
  useTitle(query.data?.name);
  const [isChanging, setChanging] = useState(false);
  // Chosen from a list below it, or found by a search on a telephone, it would be out of sight.
  const isThere = query.data !== undefined;
  useEffect(() => {
    if (isThere) document.getElementById('product')?.scrollIntoView({ block: 'nearest' });
  }, [isThere]);
  const refresh = (): void => {
    query.refresh();
    onChange();
  };
  const turn = useAction(async (product: Product) => {
    const isActive = product.status === 'active';
    const { product_id, revision: ifMatch } = product;
    await api[isActive ? 'retireProduct' : 'reinstateProduct']({ product_id }, { ifMatch });
    say(isActive ? 'The product is retired.' : 'The product is offered again.');
    refresh();
  });
  return (
    <Loaded query={query} named={{ what: 'product', id: String(productId), list: CATALOG }}>
      {(product) => (
        <Card
          id="product"
          title={named(product.name)}
          actions={
            <>
              <May call="changeProduct">
                <button class="small-button" onClick={() => setChanging(true)}>
                  Change
                </button>
              </May>
              <May call={product.status === 'active' ? 'retireProduct' : 'reinstateProduct'}>
                <button class="small-button" disabled={turn.isBusy} onClick={() => void turn.run(product)}>
                  {product.status === 'active' ? 'Retire' : 'Reinstate'}
                </button>
              </May>
            </>
          }
        >
          <div class="stack">
            {turn.error && <Failure error={turn.error} />}
            <dl class="facts">
              <dt>Status</dt>
              <dd>
                <Status tone={product.status === 'active' ? 'good' : 'ended'}>{product.status}</Status>
              </dd>
              <dt>SKU</dt>
              <dd>{product.sku}</dd>
              <dt>Product id</dt>
              <dd>{product.product_id}</dd>
              <dt>Price</dt>
              <dd>
                <Money amount={product.price} currency={product.currency} />
              </dd>
              <dt>Available</dt>
              <dd>
                {typeof product.available === 'number' ? (
                  <a href={`/console/stock?product=${product.product_id}`}>{number(product.available)}</a>
                ) : (
                  'not tracked'
                )}
              </dd>
              <dt>Categories</dt>
              <dd class="row">
                {product.cat_ids.map((catId) => (
                  <CategoryLink key={catId} catId={catId} />
                ))}
              </dd>
              <dt>Orders</dt>
              <dd>
                <a href={`/console/orders?product_id=${product.product_id}`}>Orders of this product</a>
              </dd>
            </dl>
            <section class="stack-tight">
              <h3>Price history</h3>
              <May call="listLogEvents" otherwise="An admin can see the prices of the past.">
                <PriceHistory product={product} />
              </May>
            </section>
          </div>
          {isChanging && (
            <ChangeProduct
              product={product}
              onClose={() => {
                setChanging(false);
                refresh();
              }}
            />
          )}
        </Card>
      )}
    </Loaded>
  );
}

/** Keeps the moment of the past that the reader is at. */
function CategoryLink({ catId }: { catId: number }): VNode {
  const { values } = useFilters();
  const { data } = useQuery(`category ${catId}`, async (signal) => {
    return (await api.getCategory({ cat_id: catId }, { signal })).data;
  });
  const asOf = values['as_of'];
  const query = new URLSearchParams({ category: String(catId), ...(asOf !== undefined && { as_of: asOf }) });
  return <a href={`/console/catalog?${query.toString()}`}>{named(data?.name) ?? `Category ${catId}`}</a>;
}

const PAGE = 100;
const MOST_PAGES = 20;

interface Prices {
  /** Newest first. */
  readonly events: readonly StoredEvent[];
  /** There are older ones. */
  readonly isCut: boolean;
}

/** From the log: the read model only knows today's price. */
async function pricesOf(productId: number, signal: AbortSignal): Promise<Prices> {
  const query = { stream: `product-${productId}`, types: 'ProductAdded,ProductPriced', limit: PAGE };
  const events: StoredEvent[] = [];
  let more: object = {};
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { data, next } = await api.listLogEvents({ ...query, ...more }, { signal });
    events.push(...data);
    if (next === null) return { events, isCut: false };
    more = queryOf(next);
  }
  return { events, isCut: true };
}

function PriceHistory({ product }: { product: Product }): VNode {
  const { product_id, revision } = product;
  const prices = useQuery(`prices of ${product_id} ${revision}`, (signal) => pricesOf(product_id, signal));
  return <Loaded query={prices}>{(found) => <PriceCurve prices={found} product={product} />}</Loaded>;
}

function PriceCurve({ prices, product }: { prices: Prices; product: Product }): VNode {
  const { events, isCut } = prices;
  const { price, currency } = product;
  const points = useMemo(() => {
    const then = events.flatMap(({ data, recorded_at }) =>
      typeof data['price'] === 'number' ? [{ at: Date.parse(recorded_at) / 1_000, value: data['price'] }] : [],
    );
    return [...then.reverse(), { at: Date.now() / 1_000, value: price }];
  }, [events, price]);
  const [first] = points;
  const count = points.length - 1;
  if (!first || count === 0) return <p class="muted small">Its events name no price.</p>;
  if (count === 1 && !isCut)
    return <p class="muted small">The price has been {money(price, currency)} from the start.</p>;
  return (
    <>
      <Curve
        label={`Price over time, from ${money(first.value, currency)} to ${money(price, currency)} today`}
        points={points}
        format={(value) => money(value, currency)}
        isStepped
      />
      <p class="muted small">
        {isCut ? `The last ${plural(count, 'price')}. There were more before.` : `All ${plural(count, 'price')}.`}
      </p>
    </>
  );
}
