import { isUtf8 } from 'node:buffer';
import { print } from '../engine/index.js';
import { namedTwice } from '../http/named-twice.js';
import { pathText } from '../http/validation.js';
import { FOREIGN, foreignText } from './encoding.js';
import type { RowFaults } from './finding.js';
import { MAX_LINE_BYTES, type Line } from './lines.js';

/** A JSON number that JSON.parse takes but this format does not: negative, with a fraction or an exponent, or not exact. */
const SUSPECT_NUMBER = /[:,[]\s*(?:-|\d+[.eE]|\d{16})/;
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** Stands around a number that is none of this format. No order has such a member; one that a file has is reported just as well. */
const WRITTEN = '\u0000number';

/** The text of such a number. */
export function numberAsWritten(value: unknown): string | null {
  const text = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[WRITTEN] : undefined;
  return typeof text === 'string' ? text : null;
}

/** A value for a finding, as it stands in the file. */
export function asWritten(value: unknown): string {
  if (value === undefined || value === BROKEN) return '';
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value).replace(/\{"\\u0000number":"([^"]*)"\}/g, '$1');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return '(nested too deeply)';
  }
}

/** A text of the line that is not UTF-8, which has been reported. */
export const BROKEN: unique symbol = Symbol('broken');

/**
 * The JSON value on a line; undefined where there is none, which is reported unless the line is empty. Numbers that are not
 * plain digits arrive as they are written.
 * @param isForeign the whole file is in another encoding
 */
export function readJson({ bytes }: Line, faults: RowFaults, isForeign = false): unknown {
  if (bytes === null) {
    faults.add('$', '', `the line takes more than ${MAX_LINE_BYTES} bytes`);
    return undefined;
  }
  const text = bytes.toString('utf8');
  if (text.trim() === '') return undefined;
  const intact = isUtf8(bytes);
  const broken = isForeign ? `${FOREIGN}: ${foreignText(bytes)}` : 'is not valid UTF-8';
  try {
    const value = JSON.parse(withNumbersAsWritten(text)) as unknown;
    for (const path of namedTwice(text)) {
      faults.add(pathText('body', path), asWritten(valueAt(value, path)), 'is given twice');
    }
    if (intact) return value;
    const count = faults.count;
    const read = withoutBroken(value, '', (path, shown) => {
      if (!isForeign || faults.count === count) faults.add(path, shown, broken);
    });
    if (faults.count === count) faults.add('$', text, broken);
    return isForeign ? undefined : read;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    const where = error instanceof SyntaxError ? print.jsonFault(text) : null;
    faults.add('$', text, !intact ? broken : where === null ? 'is nested too deeply' : `is not JSON: ${where}`);
  }
  return undefined;
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, step) => (at as Readonly<Record<string | number, unknown>> | null)?.[step], value);
}

function withNumbersAsWritten(text: string): string {
  if (!SUSPECT_NUMBER.test(text)) return text;
  return text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || isPlain(token) || !isJsonNumber(token)
      ? token
      : `{${JSON.stringify(WRITTEN)}:${JSON.stringify(token)}}`,
  );
}

function isPlain(token: string): boolean {
  return /^\d+$/.test(token) && Number.isSafeInteger(Number(token));
}

function isJsonNumber(token: string): boolean {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(token);
}

/** A value without the texts in which bytes were replaced because they are no UTF-8; these are told. */
function withoutBroken(value: unknown, path: string, tell: (path: string, value: string) => void): unknown {
  if (typeof value === 'string') {
    if (!value.includes('\uFFFD')) return value;
    tell(path || '$', value);
    return BROKEN;
  }
  if (Array.isArray(value)) return value.map((item, i) => withoutBroken(item, `${path}[${i}]`, tell));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, item]) => {
    return [key, withoutBroken(item, path ? `${path}.${key}` : key, tell)] as const;
  });
  return Object.fromEntries(members);
}
