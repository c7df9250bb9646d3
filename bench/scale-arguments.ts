/** What follows `npm run bench:scale --`. */
import { parseArgs } from 'node:util';

type Variant = 'sizes' | 'tree' | 'memory' | 'processes' | 'page';

export interface ScaleWanted {
  readonly variant: Variant;
  /** Works through every step of the variant at a size that takes about a minute. Nothing is written. */
  readonly quick: boolean;
  /** Events of the logs, ascending; API processes of `processes`. */
  readonly numbers: readonly number[];
  readonly trees: readonly Tree[];
  /** The URL of an empty EventStoreDB to have the log in. */
  readonly eventstore: string | null;
}

export interface Tree {
  readonly products: number;
  readonly categories: number;
}

/** What is to be printed instead. */
export interface Told {
  readonly text: string;
  readonly isFault: boolean;
}

/** The catalog and the users have about 4,000 events, and the orders must be enough for payments of old ones. */
const LEAST_EVENTS = 10_000;
const LEAST_BESIDE_LARGE = 6_000;
/** The tree has ten categories below each category. */
const LEAST_CATEGORIES = 100;
const LEAST_PRODUCTS = 1_000;
const MOST_PROCESSES = 32;

const USUAL: Readonly<Record<Variant, readonly [usual: string, quick: string]>> = {
  sizes: ['10000 100000 1000000', '10000 12000'],
  tree: ['100000/25000 3000000/6000', '20000/500'],
  memory: ['1000000', '6000'],
  processes: ['1 2 4', '1 2'],
  page: ['', ''],
};

const USAGE = `npm run bench:scale -- [EVENTS…] [--quick]
npm run bench:scale -- tree [PRODUCTS/CATEGORIES…] [--quick]
npm run bench:scale -- memory [EVENTS] [--quick]
npm run bench:scale -- processes [NUMBER…] [--eventstore URL] [--quick]
npm run bench:scale -- page

  EVENTS…    what an event and a read cost in logs of so many events; 10 thousand, 100 thousand and 1 million by default
  tree       a product moved, and the tree as a response; 100000/25000 and 3000000/6000 by default
  memory     the memory of each process, with events of 512 KiB among 1 million
  processes  orders through 1, 2 and 4 API processes
  page       writes the figures of bench/results/scale.json into docs/capacity.md, and measures nothing

  --eventstore URL  has the log on an empty EventStoreDB; the variable TEST_EVENTSTORE_URL says the same
  --quick           checks in a minute or two that each step works; its figures mean nothing and are not written

Figures are written as they come. An interrupted run leaves those that it has measured, and nothing else.`;

export function scaleWanted(args: readonly string[], env: NodeJS.ProcessEnv): ScaleWanted | Told {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        eventstore: { type: 'string' },
        quick: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return { text: USAGE, isFault: false };
    const quick = values.quick ?? false;
    const isNamed = positionals[0] !== undefined && Object.hasOwn(USUAL, positionals[0]);
    const variant = isNamed ? (positionals[0] as Variant) : 'sizes';
    const given = isNamed ? positionals.slice(1) : positionals;
    const sizes = given.length > 0 ? given : USUAL[variant][quick ? 1 : 0].split(' ').filter((size) => size !== '');
    const eventstore = values.eventstore ?? env['TEST_EVENTSTORE_URL'] ?? null;
    return { variant, quick, ...measured(variant, sizes), eventstore: variant === 'processes' ? eventstore : null };
  } catch (error) {
    return { text: `${(error as Error).message}\n\n${USAGE}`, isFault: true };
  }
}

function measured(variant: Variant, sizes: readonly string[]): Pick<ScaleWanted, 'numbers' | 'trees'> {
  if (variant === 'tree') return { numbers: [], trees: sizes.map(treeOf) };
  if (variant === 'page' && sizes.length > 0) throw new Error('page takes no size.');
  if (variant === 'memory' && sizes.length > 1) throw new Error('memory takes one number of events.');
  const [least, most] = {
    sizes: [LEAST_EVENTS, Infinity],
    memory: [LEAST_BESIDE_LARGE, Infinity],
    processes: [1, MOST_PROCESSES],
    page: [0, 0],
  }[variant];
  const numbers = sizes.map((size) => wholeNumber(size, least as number, most as number));
  return { numbers: [...new Set(numbers)].toSorted((a, b) => a - b), trees: [] };
}

function treeOf(text: string): Tree {
  const [products, categories, ...more] = text.split('/');
  if (more.length > 0 || categories === undefined || products === undefined)
    throw new Error(`${text} is no tree: give products and categories, such as 100000/25000.`);
  return {
    products: wholeNumber(products, LEAST_PRODUCTS, Infinity),
    categories: wholeNumber(categories, LEAST_CATEGORIES, Infinity),
  };
}

function wholeNumber(text: string, least: number, most: number): number {
  const number = /^[\d_]+$/.test(text) ? Number(text.replaceAll('_', '')) : NaN;
  if (number >= least && number <= most) return number;
  const range = most === Infinity ? `${least} or more` : `${least} to ${most}`;
  throw new Error(`${text} can't be measured: give a whole number, ${range}.`);
}
