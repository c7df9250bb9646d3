/** The tree with its totals, now or as it was; beside it the category or product that is looked at. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { api } from '../api.js';
import { useFilters } from '../ui/filters.js';
import { FormDialog, textOf } from '../ui/form-dialog.js';
import { Card, Empty, Failure, Field, Loaded } from '../ui/parts.js';
import { say } from '../ui/toasts.js';
import { useQuery } from '../use-query.js';
import { AsOfBar } from './as-of-bar.js';
import { CategoryCard } from './category-card.js';
import { CategoryTree, totalsOf } from './category-tree.js';
import { ProductCard } from './product-card.js';

export function Catalog(): VNode {
  const { values, set } = useFilters();
  const asOf = values['as_of'];
  const now = useQuery('tree now', async (signal) => (await api.getCategoryTree({}, { signal })).data);
  const then = useQuery(asOf === undefined ? null : `tree ${asOf}`, async (signal) => {
    return (await api.getCategoryTree({ as_of: asOf ?? '' }, { signal })).data;
  });
  const [isAdding, setAdding] = useState(false);
  const shown = asOf === undefined ? now : then;
  const category = idOf(values['category']);
  const product = idOf(values['product']);
  return (
    <div class="stack">
      <div class="spread">
        <h1>Catalog</h1>
        <button onClick={() => setAdding(true)}>Add a root category</button>
      </div>
      <AsOfBar asOf={asOf} isLoading={then.isLoading} onChange={(next) => set({ as_of: next })} />
      {shown !== now && now.error && <Failure error={now.error} retry={now.refresh} />}
      <div class="catalog">
        <Card title={asOf === undefined ? 'Categories' : 'Categories, then against now'} flush>
          <Loaded query={shown}>
            {(roots) =>
              roots.length === 0 ? (
                <Empty title={asOf === undefined ? 'The catalog is empty.' : 'There were no categories then.'}>
                  {asOf === undefined
                    ? 'Add a root category, or import a catalog.'
                    : 'Move the slider to the right, or press “Back to now”.'}
                </Empty>
              ) : (
                <CategoryTree
                  roots={roots}
                  {...(asOf !== undefined && now.data && { now: totalsOf(now.data) })}
                  selected={category}
                  onSelect={(catId) => set({ category: String(catId), product: null })}
                />
              )
            }
          </Loaded>
        </Card>
        <div class="stack">
          {product !== null && <ProductCard key={product} productId={product} onChange={now.refresh} />}
          {category !== null && (
            <CategoryCard
              key={category}
              catId={category}
              asOf={asOf}
              onChange={now.refresh}
              onProduct={(productId) => set({ product: String(productId) })}
              onGone={() => set({ category: null })}
            />
          )}
          {product === null && category === null && (
            <Card title="Nothing is chosen">
              <p class="muted">Choose a category to see its products and its orders.</p>
            </Card>
          )}
        </div>
      </div>
      {isAdding && (
        <FormDialog
          title="Add a root category"
          submit="Add"
          onClose={() => {
            setAdding(false);
            now.refresh();
          }}
          onSubmit={async (fields, options) => {
            await api.addCategory({ name: textOf(fields, 'name') }, options);
            say('The category is added.');
          }}
        >
          <Field label="Name">
            <input name="name" required maxLength={200} autofocus />
          </Field>
        </FormDialog>
      )}
    </div>
  );
}

function idOf(text: string | undefined): number | null {
  const id = Number(text);
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}
