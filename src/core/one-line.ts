/** Text of unknown origin for a message: no NUL and no half of a character, which Postgres refuses, nothing that breaks a line. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}
