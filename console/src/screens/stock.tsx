/** Tracked products, those below a limit first; counting, receiving and adjusting. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { api, type CallOptions, isDenied } from '../api.js';
import { named, number } from '../format.js';
import { May } from '../role.js';
import type { Stock as StockAnswer } from '../types.js';
import { CategoryPicker } from '../ui/category-picker.js';
import { type Filters, useFilledForm, useFilters } from '../ui/filters.js';
import { FormDialog, given, textOf } from '../ui/form-dialog.js';
import { Card, DeniedScreen, Empty, Field, Loaded, Status } from '../ui/parts.js';
import { usePages } from '../ui/pages.js';
import { ProductPicker } from '../ui/thing-pickers.js';
import { say } from '../ui/toasts.js';
import { useQuery } from '../use-query.js';

/** Below this many a product is marked, unless the reader names another limit. */
const LOW = 10;

type Kind = 'count' | 'receive' | 'adjust';
interface Asking {
  readonly kind: Kind;
  readonly stock: StockAnswer | null;
  readonly productId: number | null;
}

export function Stock(): VNode {
  const filters = useFilters();
  const { values } = filters;
  const { product, ...query } = values;
  const limit = query['available_below'] ?? String(LOW);
  const list = (below: object) => (more: object, options: CallOptions) =>
    api.listStock({ ...query, ...below, ...more }, options);
  const key = JSON.stringify(query);
  const low = usePages(`low ${key}`, list({ available_below: limit }));
  const all = usePages(query['available_below'] === undefined ? `stock ${key}` : null, list({}));
  const isFiltered = Object.keys(query).length > 0;
  // Nothing is tracked at all: one card says so.
  const hasNone = all.data?.length === 0;
  const [asking, setAsking] = useState<Asking | null>(null);
  const close = (): void => {
    setAsking(null);
    low.refresh();
    all.refresh();
  };
  const ask = (kind: Kind, stock: StockAnswer): void => setAsking({ kind, stock, productId: stock.product_id });
  if (low.error && isDenied(low.error)) return <DeniedScreen title="Stock" error={low.error} />;
  return (
    <div class="stack">
      <div class="spread">
        <h1>Stock</h1>
        <May call="countStock">
          <button class="primary" onClick={() => setAsking({ kind: 'count', stock: null, productId: null })}>
            Track a product
          </button>
        </May>
      </div>
      <StockFilters {...filters} />
      {product && <OneProduct id={product} ask={ask} />}
      {!hasNone && (
        <Card title={`Fewer than ${limit} available`} flush>
          <Loaded query={low}>
            {(rows) =>
              rows.length === 0 ? (
                <Empty title={`No tracked product has fewer than ${limit}.`}>
                  {isFiltered && <a href="/console/stock">Show all tracked products</a>}
                </Empty>
              ) : (
                <StockTable rows={rows} ask={ask} />
              )
            }
          </Loaded>
          {low.more}
        </Card>
      )}
      {query['available_below'] === undefined && (
        <Card title="All tracked products" flush>
          <Loaded query={all}>
            {(rows) => (rows.length === 0 ? <NoStock isFiltered={isFiltered} /> : <StockTable rows={rows} ask={ask} />)}
          </Loaded>
          {all.more}
        </Card>
      )}
      {asking && <Question {...asking} onClose={close} />}
    </div>
  );
}

function NoStock({ isFiltered }: { isFiltered: boolean }): VNode {
  return isFiltered ? (
    <Empty title="No tracked product is in this category.">
      <a href="/console/stock">Show all tracked products</a>
    </Empty>
  ) : (
    <Empty title="No product is tracked.">
      A product without stock is sold without a limit. Press “Track a product” and give the number that you have
      counted.
    </Empty>
  );
}

function StockFilters({ values, set }: Filters): VNode {
  const form = useFilledForm({ below: values['available_below'] ?? '' });
  return (
    <form
      ref={form}
      class="filters"
      aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        set({ available_below: textOf(fields, 'below'), cat_id: textOf(fields, 'category') });
      }}
    >
      <Field label="Available below">
        <input
          name="below"
          inputMode="numeric"
          pattern="[0-9]*"
          title="Give a whole number, 0 or more."
          placeholder={String(LOW)}
        />
      </Field>
      <CategoryPicker name="category" label="Category, with all below it" initial={values['cat_id'] ?? ''} />
      <button>Show</button>
    </form>
  );
}

type Ask = (kind: Kind, stock: StockAnswer) => void;

function OneProduct({ id, ask }: { id: string; ask: Ask }): VNode {
  const query = useQuery(`stock of ${id}`, async (signal) => {
    return (await api.getProductStock({ product_id: Number(id) }, { signal })).data;
  });
  return (
    <Card title={`Product ${id}`} flush>
      <Loaded query={query} named={{ what: 'product', id, list: ['/console/stock', 'All tracked products'] }}>
        {(stock) => <StockTable rows={[stock]} ask={ask} />}
      </Loaded>
    </Card>
  );
}

function StockTable({ rows, ask }: { rows: readonly StockAnswer[]; ask: Ask }): VNode {
  return (
    <div class="table-frame">
      <table class="stacks">
        <thead>
          <tr>
            <th>Product</th>
            <th class="number">On hand</th>
            <th class="number">Reserved</th>
            <th class="number">Available</th>
            <th>
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((stock) => (
            <tr key={stock.product_id}>
              <td>
                <ProductName productId={stock.product_id} />
              </td>
              <td class="number" data-label="On hand">
                {number(stock.on_hand)}
              </td>
              <td class="number" data-label="Reserved">
                {number(stock.reserved)}
              </td>
              <td class="number" data-label="Available">
                {stock.available <= 0 ? (
                  <Status tone="bad">{number(stock.available)}</Status>
                ) : stock.available < LOW ? (
                  <Status tone="warn">{number(stock.available)}</Status>
                ) : (
                  number(stock.available)
                )}
              </td>
              <td class="row-actions">
                <button class="small-button quiet" onClick={() => ask('receive', stock)}>
                  Receive
                </button>
                <button class="small-button quiet" onClick={() => ask('count', stock)}>
                  Count
                </button>
                <button class="small-button quiet" onClick={() => ask('adjust', stock)}>
                  Adjust
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ProductName({ productId }: { productId: number }): VNode {
  const { data } = useQuery(`product ${productId}`, async (signal) => {
    return (await api.getProduct({ product_id: productId }, { signal })).data;
  });
  return (
    <>
      <a href={`/console/catalog?product=${productId}`}>{named(data?.name) ?? `Product ${productId}`}</a>
      <div class="muted small">{data?.sku ?? ''}</div>
    </>
  );
}

const QUESTIONS = {
  count: ['Count a product', 'What was counted on the shelf. It replaces the number on the books.'],
  receive: ['Receive goods', 'What has arrived. It is added to what is on hand.'],
  adjust: ['Adjust the stock', 'Breakage or theft with a minus, found goods without.'],
} as const;

/** The title is what the browser says where a number does not fit. */
const NUMBERS = {
  count: { pattern: '[0-9]+', title: 'Give a whole number, 0 or more.' },
  receive: { pattern: '0*[1-9][0-9]*', title: 'Give a whole number, 1 or more.' },
  adjust: { pattern: '-?0*[1-9][0-9]*', title: 'Give a whole number other than 0, with a minus for what is gone.' },
} as const;

function Question({ kind, stock, productId, onClose }: Asking & { onClose: () => void }): VNode {
  const [title, text] = QUESTIONS[kind];
  return (
    <FormDialog
      title={title}
      submit="Save"
      onClose={onClose}
      onSubmit={async (fields, once) => {
        const product_id = productId ?? Number(textOf(fields, 'product_id'));
        const amount = Number(textOf(fields, 'amount'));
        const options = { ...once, ...(stock && kind !== 'receive' && { ifMatch: stock.revision }) };
        if (kind === 'count')
          await api.countStock({ product_id, on_hand: amount, ...given(fields, 'reason') }, options);
        if (kind === 'receive')
          await api.receiveStock({ product_id, quantity: amount, ...given(fields, 'reference') }, options);
        if (kind === 'adjust')
          await api.adjustStock({ product_id, quantity: amount, reason: textOf(fields, 'reason') }, options);
        say('The stock is saved.');
      }}
    >
      <p class="muted">{text}</p>
      {productId === null && <ProductPicker name="product_id" label="Product" initial="" isRequired />}
      <Field label={kind === 'count' ? 'On hand' : 'Quantity'}>
        <input name="amount" required inputMode="numeric" {...NUMBERS[kind]} autofocus={productId !== null} />
      </Field>
      <Field
        label={kind === 'receive' ? 'Reference' : 'Reason'}
        {...(kind !== 'adjust' && { hint: 'May be left empty.' })}
      >
        <input name={kind === 'receive' ? 'reference' : 'reason'} maxLength={500} required={kind === 'adjust'} />
      </Field>
    </FormDialog>
  );
}
