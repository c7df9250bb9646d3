import t from 'tap';
import { printable, printableLines, quoted, shortened, withoutObeyed } from '../../../src/engine/core/printable.js';

/** One of each kind that a terminal obeys or that hides: controls, C1, directions, marks, separators, a half character. */
const OBEYED = [
  ...['\u0000', '\u0007', '\u0008', '\u001b', '\u007f', '\u0080', '\u009b', '\u009d', '\u00ad'],
  ...['\u061c', '\u200b', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069', '\ufeff'],
  ...['\ud800', '\udfff', '\u{e0001}', '\u{e0061}'],
];

void t.test('what a terminal obeys is escaped as in JSON, alone and in the middle', async (t) => {
  for (const character of OBEYED) {
    const shown = printable(`a${character}b`);
    t.match(shown, /^a(?:\\u[0-9a-f]{4})+b$/, JSON.stringify(character));
    t.equal(JSON.parse(`"${shown}"`), `a${character}b`, 'and means the same');
    t.equal(withoutObeyed(`a${character}b\n`), `${shown}\n`);
    t.equal(printable(shown), shown, 'once is enough');
  }
});

void t.test('all else stays as it is: letters of any script, emoji and their joiners', async (t) => {
  for (const text of ['Zoë', '日本', 'می‌خواهم', '👩‍💻', 'a  b', ' a', 'C:\\u001b', 'é', '€']) {
    t.equal(printable(text), text);
    t.equal(withoutObeyed(text), text);
  }
});

void t.test('text is one line, whatever breaks lines; a list of texts has as many lines as texts', async (t) => {
  for (const lineBreak of ['\n', '\r', '\r\n', '\v', '\f', '\u0085', '\u2028', '\u2029', '\n\t  ', '\t']) {
    t.equal(printable(`a${lineBreak}b`), 'a b', encodeURIComponent(lineBreak));
  }
  t.equal(printableLines(['a\nb', '  c\r', '']), 'a b\n  c \n');
  t.equal(withoutObeyed('a\r\nb\tc'), 'a\\u000d\nb\\u0009c', 'in a whole output, only its own lines');
});

void t.test('a quoted text shows each character', async (t) => {
  t.equal(quoted('a\nb "c" \u001b \u0085 \u2028'), String.raw`"a\nb \"c\" \u001b \u0085 \u2028"`);
  t.equal(quoted('abcdef', 3), '"abc…"');
});

void t.test('a long text ends with a mark, and no character is cut', async (t) => {
  t.equal(printable('x'.repeat(6), 5), 'xxxxx…');
  t.equal(printable('x'.repeat(5), 5), 'xxxxx');
  t.equal(shortened('😀'.repeat(5), 5), '😀'.repeat(5));
  t.equal(shortened('😀'.repeat(6), 5), `${'😀'.repeat(5)}…`);
  t.equal(printable('\u001b'.repeat(6), 2), '\\u001b\\u001b…');
});
