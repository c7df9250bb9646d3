/** What spreadsheets and people make of a number, and how it is put right. */

/** No number that anybody meant is longer. */
const MOST_CHARACTERS = 60;

/** Why a text is no whole number in plain digits, as far as its form tells; empty where it does not. */
export function numberHint(text: string, decimals: string): string {
  const value = text.trim();
  if (value === '' || value.length > MOST_CHARACTERS) return '';
  if (isAbbreviated(value)) return ABBREVIATED;
  if (/^#+$/.test(value) || /^#[A-Z/0]+[!?]?$/i.test(value)) return 'the spreadsheet shows this in place of a value';
  if (value.startsWith('=')) return 'this is a formula: save its result';
  if (isDate(value))
    return 'this looks like a date: a spreadsheet may have made it of a number. Format the column as text';
  if (/^[+-]?\p{Nd}+$/u.test(value) && !/^[+-]?\d+$/.test(value)) return 'write it with the digits 0 to 9';
  if (/^\d+$/.test(value)) return 'leave out the space around it';
  if (/^[+-]\d+$/.test(value)) return 'leave out the sign';
  if (/^['"‘’“”].*['"‘’“”]$|^'\d+$/.test(value)) return 'leave out the quotes';
  if (/^[-+]?\d+[eE][+-]?\d+$|^[-+]?\d*\.\d+[eE][+-]?\d+$/.test(value)) return 'write it without an exponent';
  if (/^\d{1,3}([,.' \u00a0\u2009\u202f’_])\d{3}(?:\1\d{3})*$/.test(value)) return 'leave out the thousands separators';
  if (/^-?[\d.,' \u00a0\u202f]*[.,]\d+$/.test(value)) return decimals;
  if (/^-?[\p{Sc}\s]*[\d.,]+[\p{Sc}\s%]*$|^[A-Z]{3}\s?\d|\d\s?[A-Z]{3}$/u.test(value)) return 'leave out the unit';
  return '';
}

/** How a spreadsheet shows a number of many digits, such as a barcode. The digits that it leaves out are lost. */
export const SHORTENED = /^\s*-?\d(?:[.,]\d+)?E\+\d{2,}\s*$/i;

export function isAbbreviated(text: string): boolean {
  return SHORTENED.test(text);
}

export const ABBREVIATED = 'a spreadsheet has shortened a long number. Format the column as text and enter it in full';

function isDate(value: string): boolean {
  return (
    /^\d{4}-\d{1,2}-\d{1,2}(?:[T ][\d:.]+Z?)?$/.test(value) ||
    /^\d{1,2}([./-])\d{1,2}\1(?:\d{2}|\d{4})$/.test(value) ||
    /^\d{1,2}[-. ]?(?:jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?[-. ]?\d*$/i.test(value) ||
    /^(?:jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*[-. ]\d+$/i.test(value)
  );
}
