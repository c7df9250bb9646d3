/** Numbers, money and times as a reader expects them: in the reader's own language and zone. */
const whole = new Intl.NumberFormat();
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const clockWithSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const withSeconds = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const currencies = new Map<string, Intl.NumberFormat>();

export const number = (value: number): string => whole.format(value);

/** @param amount in the currency's minor unit, such as cents */
export function money(amount: number, currency: string): string {
  let format = currencies.get(currency);
  if (!format) {
    format = new Intl.NumberFormat(undefined, { style: 'currency', currency, currencyDisplay: 'code' });
    currencies.set(currency, format);
  }
  return format.format(amount / 10 ** digitsOf(format));
}

/** How many digits the minor unit of a currency has: 2 for euros, 0 for yen. */
export const minorDigits = (currency: string): number =>
  digitsOf(new Intl.NumberFormat(undefined, { style: 'currency', currency }));

const digitsOf = (format: Intl.NumberFormat): number => format.resolvedOptions().maximumFractionDigits ?? 2;

/** The day and the time of day, which may stand in two lines. */
export function timeParts(iso: string, isExact: boolean): readonly [day: string, clock: string] {
  const at = new Date(iso);
  return [day.format(at), (isExact ? clockWithSeconds : clock).format(at)];
}

/** What `datetime-local` shows for a time in UTC: the reader's own zone, to the minute or to the second. */
export function localOf(iso: string | undefined, isExact = false): string {
  if (iso === undefined || Number.isNaN(Date.parse(iso))) return '';
  const date = new Date(iso);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, isExact ? 19 : 16);
}

export const isoOf = (local: string): string | null => (local === '' ? null : new Date(local).toISOString());

export const exactTime = (iso: string): string => withSeconds.format(new Date(iso));
export const utc = (iso: string): string => `${iso.replace('T', ' ').replace(/(\.\d+)?Z$/, '')} UTC`;

export function bytes(count: number): string {
  if (count < 1_000) return `${count} bytes`;
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

export function seconds(count: number): string {
  if (count < 1) return `${Math.round(count * 1_000)} ms`;
  if (count < 120) return `${count.toFixed(count < 10 ? 1 : 0)} s`;
  return count < 7_200 ? `${Math.round(count / 60)} min` : `${Math.round(count / 3_600)} h`;
}

export const shortId = (id: string): string => (id.length > 13 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id);

/** A name, also one of which nothing can be seen, such as a single space: what is pressed and read must have a text. */
export function named<Name extends string | null | undefined>(name: Name): Name | string {
  return typeof name === 'string' && !/[^\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u.test(name)
    ? '(blank name)'
    : name;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;
