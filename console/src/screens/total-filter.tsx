/** The filters by currency and total: the fields have the currency's main unit, the address has the API's minor unit. */
import type { VNode } from 'preact';
import { minorOf, plainOf } from '../amount.js';
import { api } from '../api.js';
import type { Filters } from '../ui/filters.js';
import { Field } from '../ui/parts.js';
import { useQuery } from '../use-query.js';

const TOTALS = [
  ['total_min', 'Total from'],
  ['total_max', 'Total to'],
] as const;

export function TotalFilter({ values, set }: Filters): VNode {
  // Without a chosen currency, the one of the newest order is meant, and the labels say so.
  const newest = useQuery('newest order', async (signal) => (await api.listOrders({ limit: 1 }, { signal })).data[0]);
  const currencyOf = (text: string | undefined): string =>
    text !== undefined && /^[A-Z]{3}$/.test(text) ? text : (newest.data?.currency ?? 'EUR');
  const currency = currencyOf(values['currency']);
  const change = (given: string): void => {
    const next = given.trim().toUpperCase();
    set({ currency: next, ...sameTotals(values, currency, currencyOf(next)) });
  };
  return (
    <>
      <Field label="Currency">
        <input
          value={values['currency'] ?? ''}
          placeholder={currency}
          maxLength={3}
          onChange={({ currentTarget }) => change(currentTarget.value)}
        />
      </Field>
      {TOTALS.map(([name, label]) => (
        <Field key={name} label={`${label}, ${currency}`}>
          <input
            value={shownOf(values[name], currency)}
            placeholder={plainOf(1990, currency)}
            inputMode="decimal"
            onInput={({ currentTarget }) => currentTarget.setCustomValidity('')}
            onChange={({ currentTarget }) => {
              const text = currentTarget.value.trim();
              try {
                set(text === '' ? { [name]: null } : { [name]: String(minorOf(text, currency)), currency });
              } catch (error) {
                currentTarget.setCustomValidity((error as Error).message);
                currentTarget.reportValidity();
              }
            }}
          />
        </Field>
      ))}
    </>
  );
}

/** What the address has and is no amount stays as it is: the API says what is wrong with it. */
const shownOf = (minor: string | undefined, currency: string): string =>
  minor !== undefined && /^\d{1,15}$/.test(minor) ? plainOf(Number(minor), currency) : (minor ?? '');

/** The totals stay what the fields show. One that the other currency can't have is removed. */
function sameTotals(values: Filters['values'], from: string, to: string): Record<string, string | null> {
  const totals: Record<string, string | null> = {};
  for (const [name] of TOTALS) {
    const minor = values[name];
    if (minor === undefined) continue;
    try {
      totals[name] = String(minorOf(shownOf(minor, from), to));
    } catch {
      totals[name] = null;
    }
  }
  return totals;
}
