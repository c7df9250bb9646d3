/** Amounts as people write them, in the currency's main unit, and as the API has them, in its minor unit. Exact: digits, no fractions. */
import { minorDigits } from './format.js';

const marks = new Intl.NumberFormat().formatToParts(12_345.6);
const markOf = (type: 'group' | 'decimal', otherwise: string): string =>
  marks.find((part) => part.type === type)?.value ?? otherwise;
const GROUP = markOf('group', ',');
const DECIMAL = markOf('decimal', '.');

/**
 * Takes what a screen shows, such as `GBP 1,724.80`, and what is typed, such as `1724.80` or `1724,80`.
 * @throws Error that says what the currency takes
 */
export function minorOf(text: string, currency: string): number {
  const digits = minorDigits(currency);
  // Zeros at the end are no decimal places: 1990.00 can be meant in yen.
  const [, whole = '', fraction = ''] = /^(\d+)(?:[.,](\d*?)0*)?$/.exec(plainDigits(text)) ?? [];
  const amount = Number(whole + fraction.padEnd(digits, '0'));
  if (whole === '' || fraction.length > digits || !Number.isSafeInteger(amount))
    throw new Error(
      digits === 0
        ? `Give a whole number: ${currency} has no decimal places.`
        : `Give a number with at most ${digits} decimal places, such as 19${DECIMAL}${'90'.padEnd(digits, '0').slice(0, digits)}.`,
    );
  return amount;
}

/** Without the currency, and without what separates thousands if it does. */
function plainDigits(text: string): string {
  const bare = text.replaceAll(/[\s\p{L}\p{Sc}]/gu, '');
  const group = GROUP.trim();
  if (group === '') return bare;
  const [whole = '', ...rest] = bare.split(DECIMAL);
  const groups = whole.split(group);
  const isGrouped = groups.length > 1 && groups.every((one, at) => (at === 0 ? /^\d{1,3}$/ : /^\d{3}$/).test(one));
  return isGrouped ? [groups.join(''), ...rest].join('.') : bare;
}

/** As a field shows it: without the currency and without what separates thousands. */
export function plainOf(amount: number, currency: string): string {
  const digits = minorDigits(currency);
  const text = String(amount).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}${DECIMAL}${text.slice(-digits)}`;
}
