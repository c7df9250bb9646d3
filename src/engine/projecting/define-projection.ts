import type { Recount } from '../builds/bulk.js';
import { type HandlersOf, handlersOf, type Reads } from './handlers.js';
import type { Derived, LivePage, PageOf, PagePart, PageParts } from './page-part.js';
import type { Projection } from './projection.js';

export interface Definition<R extends Reads, Parts extends PageParts> extends Omit<
  Projection<unknown>,
  'tables' | 'reads' | 'keyedBy' | 'ddl' | 'indexes' | 'bulk' | 'handlers' | 'open' | 'flush'
> {
  readonly reads: R;
  readonly keyedBy?: readonly (keyof R & string)[];
  /** What handlers work on, by the names that they use. */
  readonly page: Parts;
  readonly handlers: HandlersOf<PageOf<Parts>, R>;
  readonly derived?: Derived<LivePage<Parts>>;
  readonly recounts?: readonly Recount[];
}

/** A projection whose handlers are written once: they run over a live page, and over a chunk of the bulk path. */
export function defineProjection<R extends Reads, Parts extends PageParts>(
  definition: Definition<R, Parts>,
): Projection<LivePage<Parts>> {
  const { page: named, handlers, derived, recounts = [], ...rest } = definition;
  const parts = Object.entries<PagePart<unknown>>(named);
  const texts = (of: (part: Pick<PagePart<unknown>, 'ddl' | 'indexes'>) => string): string =>
    [...parts.map(([, part]) => part), ...(derived ? [derived] : [])].map(of).join('');
  const begun = (begin: (part: PagePart<unknown>) => unknown): LivePage<Parts> =>
    Object.fromEntries(parts.map(([name, part]) => [name, begin(part)])) as LivePage<Parts>;
  const pages = handlersOf<LivePage<Parts>, R>(definition.reads, handlers as HandlersOf<LivePage<Parts>, R>);
  return {
    ...rest,
    tables: [...parts.flatMap(([, { tables }]) => tables), ...(derived?.tables ?? [])],
    ddl: texts(({ ddl }) => ddl),
    indexes: texts(({ indexes }) => indexes),
    handlers: pages,
    async open(events, db, cache): Promise<LivePage<Parts>> {
      const opened = parts.map(async ([name, part]) => [name, await part.open(events, db, cache)] as const);
      return Object.fromEntries(await Promise.all(opened)) as LivePage<Parts>;
    },
    async flush(page, db): Promise<void> {
      const write = async (): Promise<void> => {
        await Promise.all(parts.map(([name, part]) => part.flush(page[name], db)));
      };
      await (derived ? derived.flush(page, db, write) : write());
    },
    bulk: {
      staging: parts.map(([, { bulk }]) => bulk.staging).join(''),
      begin: () => begun(({ bulk }) => bulk.begin()),
      rows: (chunk) =>
        parts.flatMap(([name, { bulk }]) => bulk.rows((chunk as Readonly<Record<string, unknown>>)[name])),
      finish: [...parts.flatMap(([, { bulk }]) => bulk.finish), ...(derived?.finish ?? [])],
      orphans: parts.map(([, { bulk }]) => bulk.orphans).join('\nunion all\n'),
      unstage: parts.flatMap(([, { bulk }]) => bulk.unstage ?? []),
      recounts,
      sources: Object.fromEntries(
        [...parts.map(([, { bulk }]) => bulk), ...(derived ? [derived] : [])].flatMap(({ sources }) =>
          Object.entries(sources),
        ),
      ),
    },
  };
}
