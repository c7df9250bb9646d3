/** Made-up people and what they order: the same for the same seed and catalog. */

export interface Person {
  readonly name: string;
  readonly email: string;
}

export interface Sold {
  readonly product_id: number;
  readonly currency: string;
}

export interface MadeUpOrder {
  /** Number of the person. */
  readonly person: number;
  readonly items: readonly { readonly product_id: number; readonly quantity: number }[];
  /** What becomes of it; null: it stays placed. */
  readonly end: { readonly action: 'mark-paid' | 'cancel'; readonly body: object } | null;
}

const GIVEN_NAMES = (
  'Amara Anton Beatriz Chidi Clara Dalia Dmitri Elif Emeka Farah Felix Greta Hana Henrik Ines Ivan Jamal Jun Kaito Lena ' +
  'Leila Mateo Mina Nadia Noah Olga Omar Paula Priya Rafael Sofia Tariq Tomas Uma Vera Wen Yara Zoe'
).split(' ');
const FAMILY_NAMES = (
  'Abara Almeida Bauer Bianchi Castro Chen Dogan Ekholm Farouk Fischer Garcia Haddad Ivanova Jansen Kaya Keller Kim Kovac ' +
  'Larsen Lindqvist Mbeki Moreau Nakamura Novak Okafor Olsen Patel Petrov Rossi Sato Silva Tanaka Usman Vargas Weber Yilmaz'
).split(' ');
const REASONS = [
  'Ordered by mistake',
  'Found it cheaper elsewhere',
  'No longer needed',
  'The delivery would take too long',
  'Wrong size',
];

const MOST_LINES = 4;
const MOST_OF_A_PRODUCT = 5;
const PAID = 0.6;
const CANCELLED = 0.15;

export function personOf(seed: number, number: number): Person {
  const random = randomOf(`person ${seed} ${number}`);
  const given = oneOf(GIVEN_NAMES, random);
  const family = oneOf(FAMILY_NAMES, random);
  return { name: `${given} ${family}`, email: `${given}.${family}.${seed}-${number}@example.com`.toLowerCase() };
}

/** @param products at least one; the lines of an order are in one currency */
export function orderOf(seed: number, number: number, people: number, products: readonly Sold[]): MadeUpOrder {
  const random = randomOf(`order ${seed} ${number}`);
  const person = Math.floor(random() * people);
  const first = oneOf(products, random);
  const ids = new Set([first.product_id]);
  for (let more = Math.floor(random() * MOST_LINES); more > 0; more--) {
    const other = oneOf(products, random);
    if (other.currency === first.currency) ids.add(other.product_id);
  }
  const items = [...ids].map((product_id) => ({
    product_id,
    quantity: 1 + Math.floor(random() ** 3 * MOST_OF_A_PRODUCT),
  }));
  const fate = random();
  if (fate < PAID) return { person, items, end: { action: 'mark-paid', body: { reference: `INV-${seed}-${number}` } } };
  if (fate < PAID + CANCELLED)
    return { person, items, end: { action: 'cancel', body: { reason: oneOf(REASONS, random) } } };
  return { person, items, end: null };
}

/** One page that says what it is. */
export function specimenPdf({ name }: Person): Buffer {
  const text = `Specimen: the made-up proof of identity of ${name}`;
  const content = `BT /F1 14 Tf 40 760 Td (${text}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const offset = file.length;
    file += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const start = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}

function oneOf<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** Numbers from 0 to 1 that follow from a text (FNV-1a, then mulberry32). */
function randomOf(text: string): () => number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
