/** Says where a text stops to be JSON, and why. JSON.parse has words of its own, which show what the text holds. */

interface Fault {
  readonly at: number;
  /** Without anything of the text but punctuation. */
  readonly what: string;
}

/** An object or a list that has not ended. */
interface Open {
  readonly opening: '{' | '[';
  readonly closing: '}' | ']';
  readonly at: number;
}

type Expected = 'value' | 'value or ]' | 'name' | 'name or }' | 'after';

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const PART_OF_NUMBER = /^[\d.+\-\p{L}_]/u;
const LITERALS: readonly string[] = ['true', 'false', 'null'];
const BAD_NUMBER = 'the number is not written like 12, -0.5 or 1e3';

/**
 * Such as `in line 2, column 14, a comma or } is missing`. A text of one line is told the column only.
 * @returns null for JSON
 */
export function jsonFault(text: string): string | null {
  const fault = firstFault(text);
  return fault && `${placeOf(text, fault.at)}, ${fault.what}`;
}

/** Lines and columns are counted from 1, columns in characters. */
function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  const column = [...(before.at(-1) ?? '')].length + 1;
  return text.trimEnd().includes('\n') ? `in line ${before.length}, column ${column}` : `in column ${column}`;
}

function firstFault(text: string): Fault | null {
  const open: Open[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    at = endOf(SPACE, text, at) ?? at;
    const character = text.charAt(at);
    const inner = open.at(-1);
    if (character === '') return expected === 'after' && !inner ? null : { at, what: unfinished(text, inner) };
    if (character === '/') return { at, what: 'a / stands outside of a text: JSON has no comments' };
    const mayEnd = expected === 'value or ]' || expected === 'name or }';
    if (expected === 'after' || (mayEnd && character === inner?.closing)) {
      if (!inner) return { at, what: 'something stands behind the value: only one is allowed' };
      if (character === inner.closing) {
        open.pop();
        expected = 'after';
      } else if (character === ',') expected = inner.closing === '}' ? 'name' : 'value';
      else return { at, what: `a comma or ${inner.closing} is missing` };
      at += 1;
      continue;
    }
    const isBehindComma = expected === 'name' || (expected === 'value' && inner?.closing === ']');
    if (isBehindComma && character === inner?.closing) {
      return { at, what: `the ${character} must not stand behind a comma` };
    }
    if (expected.startsWith('name')) {
      if (character !== '"') return { at, what: 'a name in double quotes is missing' };
      const end = textEnd(text, at);
      if (typeof end !== 'number') return end;
      at = endOf(SPACE, text, end) ?? end;
      if (text.charAt(at) !== ':') return { at, what: 'a colon is missing behind the name' };
      at += 1;
      expected = 'value';
      continue;
    }
    if (character === '{' || character === '[') {
      open.push({ opening: character, closing: character === '{' ? '}' : ']', at });
      expected = character === '{' ? 'name or }' : 'value or ]';
      at += 1;
      continue;
    }
    const end = scalarEnd(text, at);
    if (typeof end !== 'number') return end;
    at = end;
    expected = 'after';
  }
}

function unfinished(text: string, inner: Open | undefined): string {
  return inner ? `the ${inner.opening} ${placeOf(text, inner.at)} has no ${inner.closing}` : 'a value is missing';
}

/** Where a text, a number or a word ends that begins here. */
function scalarEnd(text: string, at: number): number | Fault {
  const character = text.charAt(at);
  if (character === '"') return textEnd(text, at);
  if (character === "'") return { at, what: 'a text must stand in double quotes' };
  if (/[-+.\d]/.test(character)) {
    const end = endOf(NUMBER, text, at);
    return end === null || PART_OF_NUMBER.test(text.slice(end, end + 1)) ? { at, what: BAD_NUMBER } : end;
  }
  const end = endOf(WORD, text, at);
  if (end === null) return { at, what: 'a value is missing' };
  if (LITERALS.includes(text.slice(at, end))) return end;
  return { at, what: 'a word stands without double quotes that is not true, false or null' };
}

/** Where a text ends that begins here. */
function textEnd(text: string, start: number): number | Fault {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') return at + 1;
    if (character === '\n') return { at: start, what: 'the text has no closing quote on its line' };
    if (character < ' ') return { at, what: 'a control character must be written as \\t or \\u0009, say' };
    if (character !== '\\') continue;
    const [escape = ''] = /^(?:["\\/bfnrt]|u[\da-fA-F]{4})/.exec(text.slice(at + 1, at + 6)) ?? [];
    if (escape === '' && at + 1 < text.length) return { at, what: 'the backslash begins none of the escapes of JSON' };
    at += escape.length;
  }
  return { at: start, what: 'the text has no closing quote' };
}

function endOf(sticky: RegExp, text: string, at: number): number | null {
  sticky.lastIndex = at;
  return sticky.test(text) ? sticky.lastIndex : null;
}
