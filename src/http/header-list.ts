/** The elements of a header that is a list (RFC 9110, 5.6.1): split at commas outside quotes, trimmed, empty ones left out. */
export function listElements(text: string): string[] {
  const elements: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if ((character === ',' && !quoted) || at === text.length) {
      const element = text.slice(start, at).trim();
      if (element !== '') elements.push(element);
      start = at + 1;
    }
  }
  if (quoted) elements.push(text.slice(start).trim());
  return elements;
}
