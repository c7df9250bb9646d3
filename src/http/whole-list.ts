/** A list as a file: the whole of it, from one snapshot, a page at a time. */
import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Freshness, Refusal, type Standing } from '../engine/index.js';
import { preferredOf } from './accept.js';
import { queryHead } from './answers.js';
import type { PositionTokens } from './position-token.js';
import { Problem } from './problem.js';

/** What routes of such lists produce: a page of the list unless the caller asks for a file. */
export const LIST_TYPES = ['application/json', 'text/csv', 'application/x-ndjson'] as const;

/** Rows of a file that are in memory at once. */
const PAGE = 1_000;
/** Rows that are written as text at once: other requests come in between. */
const PIECE = 50;
/** Files under way in this process. Each holds a connection and a snapshot. */
const AT_ONCE = 4;
const RETRY_SECONDS = 5;
/** A snapshot that is held for longer slows the reads of others. */
const LONGEST_MS = 600_000;

/** Columns of the CSV form, and what stands in them; null is an empty cell. */
export interface Sheet<Item> {
  readonly columns: readonly string[];
  readonly cells: (item: Item) => Readonly<Record<string, string | number | null>>;
}

export interface Page<Item, Key> extends Standing {
  readonly items: readonly Item[];
  readonly next: Key | null;
}

/** A part of a list: so many items after this one, or from the first. */
export interface Range<Key> {
  readonly after: Key | null;
  readonly limit: number;
}

/** A model on a snapshot of its own. */
export interface FrozenModel<Model> {
  readonly model: Model;
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface WholeList<Model, Item extends object, Key> {
  /** Of the file. */
  readonly name: string;
  readonly sheet: Sheet<Item>;
  readonly live: Model;
  readonly freeze: () => Promise<FrozenModel<Model>>;
  readonly freshness: Freshness;
  /** The items after a key, in the order of the list. */
  readonly page: (model: Model, range: Range<Key>, freshness?: Freshness) => Promise<Page<Item, Key>>;
}

type Lines<Item> = (items: readonly Item[], isFirst: boolean) => string;

export class WholeLists {
  #underWay = 0;

  constructor(private readonly tokens: PositionTokens) {}

  /** Whether the caller asks for a file. @throws Problem invalid-request for a part of one */
  isAskedFor(request: FastifyRequest): boolean {
    if (typeOf(request) === 'application/json') return false;
    const asked = new URLSearchParams(request.url.split('?')[1]);
    const faults = ['limit', 'cursor']
      .filter((name) => asked.has(name))
      .map((name) => ({
        path: `query.${name}`,
        message: 'has no meaning for a file, which holds the whole list: leave it out',
      }));
    if (faults.length > 0) throw new Problem('invalid-request', undefined, faults);
    return true;
  }

  /** @throws what the first page does; Refusal overloaded */
  async send<Model, Item extends object, Key>(
    request: FastifyRequest,
    reply: FastifyReply,
    list: WholeList<Model, Item, Key>,
  ): Promise<FastifyReply> {
    if (this.#underWay >= AT_ONCE) throw new Refusal('overloaded', 'Too many files are being made.', [], RETRY_SECONDS);
    this.#underWay += 1;
    let body: Readable | null = null;
    // A caller that takes nothing keeps the snapshot for ten seconds: then the database ends it.
    const cut = (): void => void body?.destroy(new Error('the snapshot was lost'));
    const pages = this.#pages(list, cut);
    const begun = await pages.next();
    if (begun.done) throw new Error('a list has no first page');
    const first = begun.value;
    queryHead(reply, this.tokens, first);
    const isCsv = typeOf(request) === 'text/csv';
    reply.header('content-type', isCsv ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson');
    reply.header('content-disposition', `attachment; filename="${list.name}.${isCsv ? 'csv' : 'ndjson'}"`);
    if (request.method === 'HEAD') {
      await pages.return(undefined);
      return reply.send('');
    }
    body = Readable.from(textOf(first, pages, isCsv ? csvLines(list.sheet) : jsonLines), { objectMode: false });
    const late = setTimeout(cut, LONGEST_MS).unref();
    // Of a body that nobody has begun to read, no code of `textOf` runs.
    body.once('close', () => {
      clearTimeout(late);
      pages.return(undefined).catch((error: unknown) => {
        request.log.error({ message: (error as Error).message }, 'a snapshot was not released');
      });
    });
    return reply.send(body);
  }

  async *#pages<Model, Item extends object, Key>(
    list: WholeList<Model, Item, Key>,
    cut: () => void,
  ): AsyncGenerator<Page<Item, Key>, undefined> {
    const { live, freshness } = list;
    let frozen: FrozenModel<Model> | null = null;
    try {
      // As of a position, nothing changes any more. Otherwise the read model first gets as far as the caller asks for.
      if (freshness.at === undefined) {
        await list.page(live, { after: null, limit: 1 }, freshness);
        frozen = await list.freeze();
        frozen.lost.addEventListener('abort', cut);
      }
      const model = frozen?.model ?? live;
      let after: Key | null = null;
      do {
        const page: Page<Item, Key> = await list.page(model, { after, limit: PAGE }, frozen ? undefined : freshness);
        after = page.next;
        yield page;
      } while (after !== null);
    } finally {
      this.#underWay -= 1;
      frozen?.lost.removeEventListener('abort', cut);
      await frozen?.release();
    }
  }
}

async function* textOf<Item, Key>(
  first: Page<Item, Key>,
  others: AsyncGenerator<Page<Item, Key>>,
  lines: Lines<Item>,
): AsyncGenerator<string> {
  yield lines(first.items.slice(0, PIECE), true);
  yield* pieces(first.items.slice(PIECE), lines);
  for await (const { items } of others) yield* pieces(items, lines);
}

function* pieces<Item>(items: readonly Item[], lines: Lines<Item>): Generator<string> {
  for (let i = 0; i < items.length; i += PIECE) yield lines(items.slice(i, i + PIECE), false);
}

function typeOf({ headers }: FastifyRequest): (typeof LIST_TYPES)[number] {
  return preferredOf(headers.accept, LIST_TYPES);
}

const jsonLines: Lines<object> = (items) => items.map((item) => `${JSON.stringify(item)}\n`).join('');

/** RFC 4180, and nothing that a spreadsheet takes for a formula. */
function csvLines<Item>({ columns, cells }: Sheet<Item>): Lines<Item> {
  return (items, isFirst) =>
    stringify(
      items.map((item) => {
        const row = cells(item);
        return columns.map((column) => row[column] ?? null);
      }),
      { header: isFirst, columns: [...columns], record_delimiter: 'windows', escape_formulas: true },
    );
}
