/** Letters that Unicode does not take apart into a plain one and an accent, as people write them without it. */
const PLAIN: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', þ: 'th', ł: 'l', ø: 'o', đ: 'd', ð: 'd', ħ: 'h', ŧ: 't', ı: 'i' },
  // The sigma at the end of a word.
  ς: 'σ',
};
const ANY_OF_THEM = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'g');

/** The form in which a search compares names and SKUs: case, accents and compatible forms make no difference. */
export function folded(text: string): string {
  // Compatible forms first: some become capitals, such as ™.
  const lower = withoutAccents(text).toLowerCase();
  // Again, for what became of a capital.
  return withoutAccents(lower.replace(ANY_OF_THEM, (letter) => PLAIN[letter] ?? letter));
}

function withoutAccents(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '');
}
