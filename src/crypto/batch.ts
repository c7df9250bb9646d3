import { setImmediate } from 'node:timers/promises';

/** Gathers what is asked for in one turn of the event loop into one load; what is under way is not loaded twice. */
export class Batch<Value> {
  readonly #load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
  readonly #underWay = new Map<string, Promise<Value | undefined>>();
  #turn: { readonly keys: string[]; readonly values: Promise<ReadonlyMap<string, Value>> } | null = null;

  /** `load` gets each key once, and leaves out what it does not find. */
  constructor(load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>) {
    this.#load = load;
  }

  /** The value of a key, undefined if the load did not find it. */
  get(key: string): Promise<Value | undefined> {
    const known = this.#underWay.get(key);
    if (known) return known;
    const turn = (this.#turn ??= this.#openTurn());
    turn.keys.push(key);
    const value = turn.values.then((values) => values.get(key)).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, value);
    return value;
  }

  #openTurn(): { readonly keys: string[]; readonly values: Promise<ReadonlyMap<string, Value>> } {
    const keys: string[] = [];
    const values = setImmediate().then(() => {
      this.#turn = null;
      return this.#load(keys);
    });
    return { keys, values };
  }
}
