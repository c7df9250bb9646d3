/**
 * A map whose `set` and `delete` give a new map and leave the old one as it was. A change copies a few entries and the way to them,
 * so that a state of hundreds of thousands of entries can be folded event by event and still be shared by commands under way.
 */
const BITS = 5;
const BRANCHES = 2 ** BITS;
/** No key has more bits to tell it from others. */
const LAST_SHIFT = 30;
/** Entries that are kept together; more are parted by the next bits of their keys. */
const FEW = 16;

interface Branch<K, V> {
  readonly below: readonly (Part<K, V> | undefined)[];
}

type Part<K, V> = ReadonlyMap<K, V> | Branch<K, V>;

export class PersistentMap<K extends string | number, V> {
  readonly #root: Part<K, V>;
  readonly size: number;

  private constructor(root: Part<K, V>, size: number) {
    this.#root = root;
    this.size = size;
  }

  static empty<K extends string | number, V>(): PersistentMap<K, V> {
    return new PersistentMap<K, V>(new Map(), 0);
  }

  get(key: K): V | undefined {
    return this.#leaf(key)?.get(key);
  }

  has(key: K): boolean {
    return this.#leaf(key)?.has(key) ?? false;
  }

  set(key: K, value: V): PersistentMap<K, V> {
    const size = this.has(key) ? this.size : this.size + 1;
    return new PersistentMap(withEntry(this.#root, key, value, bitsOf(key), 0), size);
  }

  delete(key: K): PersistentMap<K, V> {
    if (!this.has(key)) return this;
    return new PersistentMap(without(this.#root, key, bitsOf(key), 0), this.size - 1);
  }

  /** In no order. */
  values(): IterableIterator<V> {
    return valuesOf(this.#root);
  }

  #leaf(key: K): ReadonlyMap<K, V> | undefined {
    const bits = bitsOf(key);
    let part: Part<K, V> | undefined = this.#root;
    for (let shift = 0; part && 'below' in part; shift += BITS) part = part.below[indexOf(bits, shift)];
    return part;
  }
}

function withEntry<K extends string | number, V>(
  part: Part<K, V> | undefined,
  key: K,
  value: V,
  bits: number,
  shift: number,
): Part<K, V> {
  if (part && 'below' in part) {
    const below = part.below.slice();
    const index = indexOf(bits, shift);
    below[index] = withEntry(below[index], key, value, bits, shift + BITS);
    return { below };
  }
  const leaf = new Map(part).set(key, value);
  return leaf.size > FEW && shift <= LAST_SHIFT ? parted(leaf, shift) : leaf;
}

function parted<K extends string | number, V>(leaf: ReadonlyMap<K, V>, shift: number): Branch<K, V> {
  const below = Array.from<Map<K, V> | undefined>({ length: BRANCHES });
  for (const [key, value] of leaf) (below[indexOf(bitsOf(key), shift)] ??= new Map<K, V>()).set(key, value);
  return { below };
}

function without<K, V>(part: Part<K, V> | undefined, key: K, bits: number, shift: number): Part<K, V> {
  if (part && 'below' in part) {
    const below = part.below.slice();
    const index = indexOf(bits, shift);
    below[index] = without(below[index], key, bits, shift + BITS);
    return { below };
  }
  const leaf = new Map(part);
  leaf.delete(key);
  return leaf;
}

function* valuesOf<K, V>(part: Part<K, V>): IterableIterator<V> {
  if (!('below' in part)) yield* part.values();
  else for (const one of part.below) if (one) yield* valuesOf(one);
}

function indexOf(bits: number, shift: number): number {
  return (bits >>> shift) & (BRANCHES - 1);
}

function bitsOf(key: string | number): number {
  if (typeof key === 'number') return key;
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) | 0;
  return hash;
}
