import { isUtf8 } from 'node:buffer';
import type { RowFaults } from './finding.js';
import { MAX_LINE_BYTES, type Line } from './lines.js';

/** A JSON number that JSON.parse takes but this format does not: negative, with a fraction or an exponent. */
const SUSPECT_NUMBER = /[:,[]\s*(?:-|\d+[.eE])/;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * The JSON value on a line; undefined where there is none, which is reported unless the line is empty. Numbers that are
 * not plain digits arrive as strings, so that they are reported as they stand.
 */
export function readJson({ bytes }: Line, faults: RowFaults): unknown {
  if (bytes === null) {
    faults.add('$', '', `the line takes more than ${MAX_LINE_BYTES} bytes`);
    return undefined;
  }
  const text = bytes.toString('utf8');
  if (text.trim() === '') return undefined;
  const intact = isUtf8(bytes);
  try {
    const value = JSON.parse(withNumbersAsWritten(text)) as unknown;
    if (intact) return value;
    const bad = brokenTexts(value, '');
    for (const { path, value: shown } of bad) faults.add(path, shown, 'is not valid UTF-8');
    if (bad.length === 0) faults.add('$', text, 'is not valid UTF-8');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    faults.add('$', text, intact ? `is not JSON: ${error.message}` : 'is not valid UTF-8');
  }
  return undefined;
}

function withNumbersAsWritten(text: string): string {
  if (!SUSPECT_NUMBER.test(text)) return text;
  return text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || /^\d+$/.test(token) || !isJsonNumber(token) ? token : `"${token}"`,
  );
}

function isJsonNumber(token: string): boolean {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(token);
}

/** Texts in which bytes were replaced because they are no UTF-8. */
function brokenTexts(value: unknown, path: string): { path: string; value: string }[] {
  if (typeof value === 'string') return value.includes('\uFFFD') ? [{ path: path || '$', value }] : [];
  if (Array.isArray(value)) return value.flatMap((item, i) => brokenTexts(item, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => brokenTexts(item, path ? `${path}.${key}` : key));
}
