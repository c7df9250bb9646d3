/** The groups of operations in the order in which the document shows them. */
export const TAGS: Readonly<Record<string, string>> = {
  orders: 'Place, pay and cancel orders; read one order, or lists of them.',
  users: 'Register users, change and erase them, and keep their proof of identity.',
  products: 'The products of the catalog: their prices, and the categories they stand in.',
  categories: 'The category tree with its totals, and how many orders each category has.',
  stock: 'How many of a product there are, and how many are promised to orders.',
  operations: 'The state of the server, its metrics and this document.',
};

export function tagOrder(tag: string | undefined): number {
  return Object.keys(TAGS).indexOf(tag ?? '');
}
