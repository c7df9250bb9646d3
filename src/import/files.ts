/** The files of an import folder. */
export const IMPORT_FILES = ['categories.csv', 'products.csv', 'stock.csv', 'users.csv', 'orders.ndjson'] as const;
export type ImportFile = (typeof IMPORT_FILES)[number];
