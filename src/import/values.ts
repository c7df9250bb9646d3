import { instantOf, MAX_EMAIL } from '../values.js';
import type { RowFaults } from './finding.js';
import { ABBREVIATED, isAbbreviated, numberHint } from './spreadsheet.js';

/** The limits of the commands, in the words of an import file. Each reads one value; null: it is bad, and reported. */

const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

export interface Range {
  readonly min: number;
  readonly max: number;
  /** What to do with a fraction. */
  readonly decimals?: string;
}

/** Amounts of money. */
export const MONEY: Range = {
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  decimals: 'give it in the smallest unit of the currency: 12.50 USD is 1250',
};

/** Plain digits only: no sign, fraction, exponent or space. */
export function wholeNumber(
  faults: RowFaults,
  column: string,
  text: string,
  { min, max, decimals = 'write it without a fraction' }: Range,
): number | null {
  // A minus sign is plain enough to say that the number is too small.
  if (/^(?:\d+|-0*[1-9]\d*)$/.test(text)) return inRange(faults, column, Number(text), text, { min, max });
  const hint = numberHint(text, decimals);
  if (text === '') faults.add(column, text, 'is missing: it must be a whole number in plain digits');
  else faults.add(column, text, `is not a whole number in plain digits${hint === '' ? '' : `: ${hint}`}`);
  return null;
}

export function inRange(
  faults: RowFaults,
  column: string,
  value: number,
  text: string,
  { min, max }: Range,
): number | null {
  if (value >= min && value <= max) return value;
  faults.add(column, text, `is not between ${min} and ${max}`);
  return null;
}

/** 1 to `max` characters, none of them a control character. */
export function plainText(faults: RowFaults, column: string, text: string, max: number): string | null {
  if (text === '') faults.add(column, text, 'is missing');
  else if (text.length > max && [...text].length > max) faults.add(column, text, `is longer than ${max} characters`);
  else if (UNPRINTABLE.test(text)) faults.add(column, text, 'holds a control character or half a character');
  else return text;
  return null;
}

/** The same of a SKU, a code or a reference in a CSV file. What a spreadsheet has shortened names nothing any more; it writes no quotes. */
export function identifier(
  faults: RowFaults,
  column: string,
  { text, isQuoted }: { readonly text: string; readonly isQuoted: boolean },
  max: number,
): string | null {
  const value = plainText(faults, column, text, max);
  if (value === null || isQuoted || !isAbbreviated(value)) return value;
  faults.add(column, text, `is not what was entered: ${ABBREVIATED}. If it is meant, put it in quotes`);
  return null;
}

/** An address as given; surrounding space belongs to it and counts only where addresses are compared. */
export function emailAddress(faults: RowFaults, column: string, text: string): string | null {
  const email = plainText(faults, column, text, MAX_EMAIL);
  if (email === null) return null;
  if (/^[^\s@]+@[^\s@]+$/.test(email.trim())) return email;
  faults.add(column, text, 'is not an e-mail address');
  return null;
}

export function currencyCode(faults: RowFaults, column: string, text: string): string | null {
  if (/^[A-Z]{3}$/.test(text)) return text;
  faults.add(column, text, 'is not a currency code of three capital letters (ISO 4217)');
  return null;
}

/** RFC 3339 with its zone; becomes UTC with milliseconds. */
export function instant(faults: RowFaults, column: string, text: string): string | null {
  const time = instantOf(text);
  if (time === null) faults.add(column, text, 'is not a time in the form of RFC 3339, such as 2011-08-31T17:05:00Z');
  return time;
}
