import t from 'tap';
import { folded } from '../../projections/products/folded.js';

t.test('case, accents and compatible forms make no difference', (t) => {
  for (const [text, wanted] of [
    ['Acme™ lamp', 'acmetm lamp'],
    ['№ 5', 'no 5'],
    ['℡', 'tel'],
    ['𝐀ﬁ', 'afi'],
    ['CAFÉ', 'cafe'],
    ['Łódź', 'lodz'],
    ['Øre', 'ore'],
    ['Đà Nẵng', 'da nang'],
    ['Straße', 'strasse'],
    ['STRAẞE', 'strasse'],
    ['Ærø', 'aero'],
    ['Ǽ', 'ae'],
    ['cœur', 'coeur'],
    ['İstanbul, Iğdır', 'istanbul, igdir'],
    ['Þór', 'thor'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['οδος', 'οδοσ'],
  ] as const) {
    t.equal(folded(text), wanted, text);
  }
  t.end();
});

t.test('each character and its capital are folded to the same, and nothing is left to fold', (t) => {
  const wrong: string[] = [];
  for (let point = 0; point <= 0x1_ffff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const text = String.fromCodePoint(point);
    const once = folded(text);
    if (folded(once) !== once || folded(text.toLowerCase()) !== once) wrong.push(point.toString(16));
  }
  t.same(wrong, []);
  t.end();
});
