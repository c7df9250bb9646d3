/** The form in which a search compares names and SKUs: case, accents and compatible forms make no difference. */
export function folded(text: string): string {
  return text.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');
}
