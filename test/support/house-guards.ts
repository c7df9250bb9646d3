/** Guards over the text of the sources: which file owns a table, what the engine may say, which words are retired. */
import type { Source } from './syntax.js';

/** Names of the engine's and the shop's tables, from the statements that name them outside of the migrations. */
export function tableOwners(sources: readonly Source[]): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, Set<string>>();
  for (const { path, text } of sources) {
    for (const [, table = ''] of withoutComments(text).matchAll(/\borderlog\.([a-z_]+)/g)) {
      owners.set(table, (owners.get(table) ?? new Set()).add(path));
    }
  }
  return new Map([...owners].sort().map(([table, paths]) => [table, [...paths].sort()]));
}

/**
 * Words of the shop, whole or as a part of a name. `order` alone also means a sequence and `category` that of streams, so of these
 * only what can't mean anything else is looked for.
 */
const SHOP =
  /\b(?:orders?_id|order(?:Id|Placed|Paid|Cancelled|-\$)|users?_id|userId|userEmail|skus?|emails?|e-mail|products?|prices?|categoryTree|cat_id|catIds?|carts?|stock|customers?|clerks?|catalog(?:ue)?|shop|id_proof|PDFs?)\b/gi;

/** `file:line: word` for each word of the shop in the engine, comments included. */
export function shopWords(sources: readonly Source[]): readonly string[] {
  return linesWith(
    sources.filter(({ path }) => path.startsWith('src/engine/')),
    SHOP,
  );
}

/** `file: name` for each declaration outside of src/values.ts of a name that src/values.ts exports, of whatever value. */
export function copiedLimits(sources: readonly Source[]): readonly string[] {
  const values = sources.filter(({ path }) => path === 'src/values.ts');
  const limits = values.flatMap(({ text }) => [...text.matchAll(/^export const (\w+)/gm)].map(([, name = '']) => name));
  return sources
    .filter((source) => !values.includes(source))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\bconst (\w+)\b/g)]
        .filter(([, name = '']) => limits.includes(name))
        .map(([, name]) => `${path}: ${name}`),
    );
}

/** Terms that docs/glossary.md has replaced, and turns of phrase that a native reader reads twice. */
const RETIRED =
  /\b(?:whoever|whatever stops|anew|gone? on with|goes on with|going on with|gives? back|gave back|lets? go on|also when|has to be|nobody's fault|in silence|borne[ -]out|bears? (?:\w+ ){0,5}out|unborne|tenure|wish(?:es)?)\b/gi;

export function retiredTerms(sources: readonly Source[]): readonly string[] {
  return linesWith(sources, RETIRED);
}

function linesWith(sources: readonly Source[], pattern: RegExp): readonly string[] {
  return sources.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, i) => [...line.matchAll(pattern)].map(([word]) => `${path}:${i + 1}: ${word.toLowerCase()}`)),
  );
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
}
