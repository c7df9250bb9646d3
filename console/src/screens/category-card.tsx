/** One category: its orders by status, its products, and what can be done with it. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { api, type Degradable, isBehind, ProblemError } from '../api.js';
import { named, number, plural } from '../format.js';
import { May } from '../role.js';
import { useTitle } from '../title.js';
import { type Category, ORDER_STATUSES, type OrderCounts, type Product } from '../types.js';
import { CategoryPicker } from '../ui/category-picker.js';
import { DegradedNote } from '../ui/degraded.js';
import { FormDialog, textOf } from '../ui/form-dialog.js';
import { Card, Empty, Failure, Field, Loaded, Money, OrderBadge } from '../ui/parts.js';
import { usePages } from '../ui/pages.js';
import { say } from '../ui/toasts.js';
import { useQuery } from '../use-query.js';
import { AddProduct } from './product-dialogs.js';

interface CategoryCardProps {
  readonly catId: number;
  readonly asOf: string | undefined;
  /** A product is shown, too, and names the tab. */
  readonly isBesideProduct: boolean;
  /** The tree has changed. */
  readonly onChange: () => void;
  readonly onProduct: (productId: number) => void;
  /** The category is removed. */
  readonly onGone: () => void;
}

type Asking = 'rename' | 'move' | 'remove' | 'add' | 'product' | null;

const CATALOG = ['/console/catalog', 'All categories'] as const;

export function CategoryCard({ catId, asOf, isBesideProduct, onChange, onProduct, onGone }: CategoryCardProps): VNode {
  const category = useQuery(`category ${catId}`, async (signal) => {
    return (await api.getCategory({ cat_id: catId }, { signal })).data;
  });
  const products = usePages(`products of ${catId}`, (more, options) =>
    api.listProducts({ cat_id: catId, limit: 20, ...more }, options),
  );
  useTitle(isBesideProduct ? undefined : category.data?.name);
  const [asking, setAsking] = useState<Asking>(null);
  const close = (): void => {
    setAsking(null);
    category.refresh();
    products.refresh();
    onChange();
  };
  return (
    <Loaded query={category} named={{ what: 'category', id: String(catId), list: CATALOG }}>
      {(it) => (
        <>
          <Card
            title={named(it.name)}
            actions={
              <>
                <May call="addCategory">
                  <Ask label="Add child" onClick={() => setAsking('add')} />
                </May>
                <May call="changeCategory">
                  <Ask label="Rename" onClick={() => setAsking('rename')} />
                  <Ask label="Move" onClick={() => setAsking('move')} />
                </May>
                <May call="removeCategory">
                  <Ask label="Remove" onClick={() => setAsking('remove')} />
                </May>
              </>
            }
          >
            <div class="stack">
              <p class="muted small">
                Category {it.cat_id}
                {it.code === null ? '' : ` · code ${it.code}`} · {plural(it.total_products, 'product')}
              </p>
              <Counts catId={catId} asOf={asOf} />
            </div>
          </Card>
          <Card
            title="Products"
            actions={
              <May call="addProduct">
                <Ask label="Add a product" onClick={() => setAsking('product')} />
              </May>
            }
            flush
          >
            <Loaded query={products}>
              {(rows) =>
                rows.length === 0 ? (
                  <Empty title="No product is in this category." />
                ) : (
                  <Products rows={rows} onProduct={onProduct} />
                )
              }
            </Loaded>
            {products.more}
          </Card>
          {asking === 'product' && <AddProduct catId={catId} onClose={close} />}
          {asking !== null && asking !== 'product' && (
            <Question category={it} asking={asking} onClose={close} onGone={onGone} />
          )}
        </>
      )}
    </Loaded>
  );
}

const Ask = ({ label, onClick }: { label: string; onClick: () => void }): VNode => (
  <button class="small-button" onClick={onClick}>
    {label}
  </button>
);

type CountsAnswer = Degradable & { readonly data: OrderCounts };

/** Counts as they are, and as they were beside them. */
function Counts({ catId, asOf }: { catId: number; asOf: string | undefined }): VNode {
  const countsOf = (signal: AbortSignal, at?: string): Promise<CountsAnswer> =>
    api.getCategoryOrderCounts({ cat_id: catId, ...(at !== undefined && { as_of: at }) }, { signal });
  const now = useQuery(`counts of ${catId}`, countsOf, { every: 5_000 });
  const then = useQuery(asOf === undefined ? null : `counts of ${catId} ${asOf}`, (signal) => countsOf(signal, asOf));
  const before = then.data?.data;
  const wasThere = !(then.error instanceof ProblemError && then.error.status === 404);
  const unknown = then.error && !isBehind(then.error) ? '–' : '…';
  return (
    <Loaded query={now}>
      {({ data: counts, response }) => (
        <>
          <DegradedNote answer={{ response }}>
            {(count) => `These counts have ${plural(count, 'quarantined order')} as it was before its quarantine.`}
          </DegradedNote>
          {!wasThere && <p class="note">This category did not exist at that time.</p>}
          {wasThere && then.error && <Failure error={then.error} retry={then.refresh} />}
          <table class="counts">
            <thead>
              <tr>
                <th>Orders</th>
                {asOf !== undefined && <th class="number">Then</th>}
                <th class="number">Now</th>
                {asOf !== undefined && <th class="number">Change</th>}
              </tr>
            </thead>
            <tbody>
              {ORDER_STATUSES.map((status) => (
                <tr key={status}>
                  <td>
                    <OrderBadge status={status} />
                  </td>
                  {asOf !== undefined && <td class="number">{before ? number(before[status]) : unknown}</td>}
                  <td class="number">{number(counts[status])}</td>
                  {asOf !== undefined && (
                    <td class="number">{before ? signed(counts[status] - before[status]) : unknown}</td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Loaded>
  );
}

const signed = (change: number): string => (change > 0 ? `+${number(change)}` : change === 0 ? '–' : number(change));

function Products({ rows, onProduct }: { rows: readonly Product[]; onProduct: (productId: number) => void }): VNode {
  return (
    <div class="table-frame">
      <table>
        <thead>
          <tr>
            <th>Product</th>
            <th class="number">Available</th>
            <th class="number">Price</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((product) => (
            <tr key={product.product_id}>
              <td>
                <a
                  href={`/console/catalog?product=${product.product_id}`}
                  onClick={(event) => {
                    event.preventDefault();
                    event.stopPropagation();
                    onProduct(product.product_id);
                  }}
                >
                  {named(product.name)}
                </a>
                <div class="muted small">{product.sku}</div>
              </td>
              <td class="number">{typeof product.available === 'number' ? number(product.available) : '–'}</td>
              <td class="number">
                <Money amount={product.price} currency={product.currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface QuestionProps {
  readonly category: Category;
  readonly asking: Exclude<Asking, null | 'product'>;
  readonly onClose: () => void;
  readonly onGone: () => void;
}

function Question({ category, asking, onClose, onGone }: QuestionProps): VNode {
  const { cat_id, revision: ifMatch } = category;
  if (asking === 'remove') {
    return (
      <FormDialog
        title={`Remove ${named(category.name)}?`}
        submit="Remove"
        isDangerous
        onClose={onClose}
        onSubmit={async (_fields, options) => {
          await api.removeCategory({ cat_id }, { ...options, ifMatch });
          say('The category is removed.');
          onGone();
        }}
      >
        <p class="muted">Only a category without children and products can be removed.</p>
      </FormDialog>
    );
  }
  if (asking === 'move') {
    return (
      <FormDialog
        title={`Move ${named(category.name)}`}
        submit="Move"
        onClose={onClose}
        onSubmit={async (fields, options) => {
          const parent = textOf(fields, 'parent');
          const parent_cat_id = parent === '' ? null : Number(parent);
          await api.changeCategory({ cat_id, parent_cat_id }, { ...options, ifMatch });
          say('The category is moved, with everything below it.');
        }}
      >
        <CategoryPicker
          name="parent"
          label="New parent"
          hint="Leave it empty to make this a root."
          initial={String(category.parent_cat_id ?? '')}
          except={cat_id}
        />
      </FormDialog>
    );
  }
  const isNew = asking === 'add';
  return (
    <FormDialog
      title={isNew ? `Add a category below ${named(category.name)}` : `Rename ${named(category.name)}`}
      submit={isNew ? 'Add' : 'Rename'}
      onClose={onClose}
      onSubmit={async (fields, options) => {
        const name = textOf(fields, 'name');
        if (isNew) await api.addCategory({ name, parent_cat_id: cat_id }, options);
        else await api.changeCategory({ cat_id, name }, { ...options, ifMatch });
        say(isNew ? 'The category is added.' : 'The category is renamed.');
      }}
    >
      <Field label="Name">
        <input name="name" required maxLength={200} defaultValue={isNew ? '' : category.name} autofocus />
      </Field>
    </FormDialog>
  );
}
