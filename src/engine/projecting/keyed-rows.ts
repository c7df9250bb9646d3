import { streamId } from '../core/stream.js';
import type { Appended, Changes, Columns, Given, Role } from './columns.js';
import type { ProjectedEvent } from './page-part.js';

/** The values of a row that was inserted, or of the columns that a patch sets; for a list, the entries. */
type Values = Record<string, unknown>;

/** What happened to a row that was not inserted by the events at hand. */
export interface Patch {
  /** Of the last event. */
  revision: number;
  /** Of the first event that needs the row to be there; null if none does. */
  expected: number | null;
  readonly values: Values;
}

type At = Pick<ProjectedEvent, 'stream' | 'revision' | 'position'>;

/**
 * What events do to the rows of a keyed table, folded in memory. No row is read for it: a live page and a chunk of the bulk path
 * differ only in how they write this.
 */
export class KeyedRows<C extends Columns> {
  readonly inserted = new Map<string, Values>();
  /** A key that is in `inserted` too was patched before its row was inserted. */
  readonly patched = new Map<string, Patch>();
  readonly #lists: readonly string[];
  readonly #key: string;
  readonly #position: string | undefined;
  readonly #revision: string;

  constructor(columns: C) {
    const of = (role: Role): string[] => Object.keys(columns).filter((name) => columns[name]?.role === role);
    this.#lists = of('list');
    this.#key = of('key')[0] ?? '';
    this.#position = of('position')[0];
    this.#revision = of('revision')[0] ?? '';
  }

  /** The row of the event's stream begins with it. */
  insert({ stream, revision, position }: At, given: Given<C>): void {
    const id = streamId(stream);
    if (this.inserted.has(id)) throw new Error(`${stream} has a row already`);
    const row: Values = { [this.#key]: id, [this.#revision]: revision, ...given };
    if (this.#position !== undefined) row[this.#position] = position;
    for (const name of this.#lists) row[name] = [...(row[name] as readonly unknown[])];
    this.inserted.set(id, row);
    // A patch of what may be missing found nothing. One that needed a row remains, to be reported.
    if (this.patched.get(id)?.expected === null) this.patched.delete(id);
  }

  /** Changes the row of the event's stream. Without a row, the event can't be applied. */
  patch(event: At, changes: Changes<C>, appended: Appended<C> = {}): void {
    this.#change(event, event.revision, changes, appended);
  }

  /** Changes the row of the event's stream if there is one. */
  patchIfThere(event: At, changes: Changes<C> = {}, appended: Appended<C> = {}): void {
    this.#change(event, null, changes, appended);
  }

  #change({ stream, revision }: At, expected: number | null, changes: Changes<C>, appended: Appended<C>): void {
    const id = streamId(stream);
    const row = this.inserted.get(id);
    if (row) {
      set(row, changes, appended);
      row[this.#revision] = revision;
      return;
    }
    let patch = this.patched.get(id);
    if (!patch) this.patched.set(id, (patch = { revision, expected, values: {} }));
    patch.revision = revision;
    patch.expected ??= expected;
    set(patch.values, changes, appended);
  }
}

function set(values: Values, changes: object, appended: object): void {
  Object.assign(values, changes);
  for (const [name, entry] of Object.entries(appended)) {
    const entries = (values[name] ??= []) as unknown[];
    entries.push(entry);
  }
}
