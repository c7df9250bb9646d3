/** Adding and changing a product. */
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { minorOf, plainOf } from '../amount.js';
import { api } from '../api.js';
import { named } from '../format.js';
import type { Product } from '../types.js';
import { CategoriesField, categoriesIn } from '../ui/category-picker.js';
import { FormDialog, textOf } from '../ui/form-dialog.js';
import { Field } from '../ui/parts.js';
import { say } from '../ui/toasts.js';
import { useQuery } from '../use-query.js';

export function AddProduct({ catId, onClose }: { catId: number; onClose: () => void }): VNode {
  return (
    <FormDialog
      title="Add a product"
      submit="Add"
      onClose={onClose}
      onSubmit={async (fields, options) => {
        const currency = textOf(fields, 'currency').toUpperCase();
        if (!/^[A-Z]{3}$/.test(currency)) throw new Error('Give the currency as three letters, such as EUR.');
        const product = {
          sku: textOf(fields, 'sku'),
          name: textOf(fields, 'name'),
          price: minorOf(textOf(fields, 'price'), currency),
          currency,
          cat_ids: categoriesIn(fields, 'cat_ids'),
        };
        await api.addProduct(product, options);
        say('The product is added.');
      }}
    >
      <Field label="Name">
        <input name="name" required maxLength={200} autofocus />
      </Field>
      <Field label="SKU">
        <input name="sku" required maxLength={64} />
      </Field>
      <div class="row">
        <Field label="Price">
          <input name="price" required inputMode="decimal" placeholder="19.90" />
        </Field>
        <Field label="Currency">
          <CurrencyInput catId={catId} />
        </Field>
      </div>
      <CategoriesField name="cat_ids" initial={[catId]} />
    </FormDialog>
  );
}

/** Suggests the currency of the products beside it; where there are none, of others. What is typed meanwhile stays. */
function CurrencyInput({ catId }: { catId: number }): VNode {
  const suggested = useQuery(`currency in ${catId}`, async (signal) => {
    const beside = await api.listProducts({ cat_id: catId }, { signal });
    const { data } = beside.data.length > 0 ? beside : await api.listProducts({}, { signal });
    return mostCommon(data.map(({ currency }) => currency)) ?? 'EUR';
  }).data;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (suggested !== undefined && input.current?.value === '') input.current.value = suggested;
  }, [suggested]);
  return <input ref={input} name="currency" required maxLength={3} />;
}

function mostCommon(values: readonly string[]): string | undefined {
  const count = (value: string): number => values.filter((other) => other === value).length;
  return [...new Set(values)].sort((a, b) => count(b) - count(a))[0];
}

export function ChangeProduct({ product, onClose }: { product: Product; onClose: () => void }): VNode {
  const { product_id, name, price, currency, cat_ids, revision } = product;
  return (
    <FormDialog
      title={`Change ${named(name)}`}
      submit="Save"
      onClose={onClose}
      onSubmit={async (fields, options) => {
        const changes = {
          name: textOf(fields, 'name'),
          price: minorOf(textOf(fields, 'price'), currency),
          cat_ids: categoriesIn(fields, 'cat_ids'),
        };
        await api.changeProduct({ product_id, ...changes }, { ...options, ifMatch: revision });
        say('The product is saved.');
      }}
    >
      <Field label="Name">
        <input name="name" required maxLength={200} defaultValue={name} />
      </Field>
      <Field label={`Price in ${currency}`} hint="Orders placed before keep the price they were placed at.">
        <input name="price" required inputMode="decimal" defaultValue={plainOf(price, currency)} />
      </Field>
      <CategoriesField name="cat_ids" initial={cat_ids} />
    </FormDialog>
  );
}
