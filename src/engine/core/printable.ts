/**
 * Text from outside, as people may see it. A terminal obeys some characters (ESC, BEL, the C1 controls), others change the order
 * of what is read (bidirectional overrides) or hide in it. They are written as JSON escapes them, so that an escaped JSON
 * document still means the same. Joiners stay: they are parts of words and of emoji.
 */
import { faultWords } from './fault-words.js';
import { jsonFault } from './json-fault.js';
import { plural } from './plural.js';

const OBEYED = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const OBEYED_IN_LINES = /(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const LINE_BREAK = /[\t\n\v\f\r\u0085\u2028\u2029][\s\u0085]*/gu;

/** Text from outside on one line. `most` is its largest number of characters: a longer text ends with an ellipsis. */
export function printable(text: string, most = Number.POSITIVE_INFINITY): string {
  return shortened(text.replace(LINE_BREAK, ' '), most).replace(OBEYED, escaped);
}

/** The same in quotes, and each character of it can be told from the others: a line break is `\n`. */
export function quoted(text: string, most?: number): string {
  return withoutObeyed(JSON.stringify(most === undefined ? text : shortened(text, most)));
}

/** Lines of which each may hold text from outside: none of them becomes two. */
export function printableLines(lines: readonly string[]): string {
  return lines.map((line) => printable(line)).join('\n');
}

/** For whole outputs, of which the line breaks are known to be their own. */
export function withoutObeyed(text: string): string {
  return text.replace(OBEYED_IN_LINES, escaped);
}

/** At most so many characters. The mark of a cut comes on top. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = [...text.slice(0, 2 * most + 2)];
  return characters.length <= most ? text : `${characters.slice(0, most).join('')}…`;
}

function escaped(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return text;
}

/**
 * How text from outside is shown: `safe` on one line, `lines` for several; `withoutObeyed` is for whole outputs. `fault` says in
 * words what is wrong with a value, from the kind of fault that zod reports, and `jsonFault` where a text stops to be JSON.
 */
export const print = {
  safe: printable,
  lines: printableLines,
  quoted,
  shortened,
  withoutObeyed,
  plural,
  fault: faultWords,
  jsonFault,
} as const;
