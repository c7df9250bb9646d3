/** The tree with its totals, now or as it was; beside it the category or product that is looked at. */
import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { api, isBehind } from '../api.js';
import { May } from '../role.js';
import type { CategoryNode } from '../types.js';
import { useFilters } from '../ui/filters.js';
import { FormDialog, textOf } from '../ui/form-dialog.js';
import { Busy, Card, Empty, Failure, Field } from '../ui/parts.js';
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
  const asked = asOf === undefined ? now : then;
  // What was shown stays until the tree of the other moment is there: nothing jumps, and what is open stays open.
  const last = useRef<Shown | null>(null);
  if (asked.data) last.current = { roots: asked.data, asOf };
  const isWaiting = asked.data === undefined && (!asked.error || isBehind(asked.error));
  const shown = asked.data || isWaiting ? last.current : null;
  const isEmpty = asOf === undefined && now.data?.length === 0;
  const category = idOf(values['category']);
  const product = idOf(values['product']);
  return (
    <div class="stack">
      <div class="spread">
        <h1>Catalog</h1>
        <May call="addCategory" otherwise="An admin can change the catalog.">
          <button onClick={() => setAdding(true)}>Add a root category</button>
        </May>
      </div>
      <AsOfBar asOf={asOf} isLoading={isWaiting} onChange={(next) => set({ as_of: next })} />
      {asked !== now && now.error && <Failure error={now.error} retry={now.refresh} />}
      <div class="catalog" data-product={product !== null}>
        <Card title={shown?.asOf === undefined ? 'Categories' : 'Categories, then against now'} flush>
          {asked.error && <Failure error={asked.error} retry={asked.refresh} />}
          {shown === null && !asked.error && <Busy />}
          {shown && (
            <div aria-busy={isWaiting}>
              {shown.roots.length === 0 ? (
                <NoCategories isNow={shown.asOf === undefined} />
              ) : (
                <CategoryTree
                  roots={shown.roots}
                  {...(shown.asOf !== undefined && now.data && { now: totalsOf(now.data) })}
                  selected={category}
                  onSelect={(catId) => set({ category: String(catId), product: null })}
                />
              )}
            </div>
          )}
        </Card>
        <div class="stack">
          {product !== null && <ProductCard key={product} productId={product} onChange={now.refresh} />}
          {category !== null && (
            <CategoryCard
              key={category}
              catId={category}
              asOf={asOf}
              isBesideProduct={product !== null}
              onChange={now.refresh}
              onProduct={(productId) => set({ product: String(productId) })}
              onGone={() => set({ category: null })}
            />
          )}
          {product === null && category === null && !isEmpty && (
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

interface Shown {
  readonly roots: readonly CategoryNode[];
  readonly asOf: string | undefined;
}

function NoCategories({ isNow }: { isNow: boolean }): VNode {
  return isNow ? (
    <Empty title="The catalog is empty.">
      <May call="addCategory">
        Press “Add a root category”, or import a catalog with <code>npx orderlog import DIR</code>.
      </May>
    </Empty>
  ) : (
    <Empty title="There were no categories then.">Move the slider to the right, or press “Back to now”.</Empty>
  );
}

function idOf(text: string | undefined): number | null {
  const id = Number(text);
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}
