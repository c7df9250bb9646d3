/**
 * A map whose `set` and `delete` give a new map and leave the old one as it was. Tens of thousands of entries cost a few
 * hundred copied per change, so that a big state can be folded event by event and still be shared by commands under way.
 */
const BUCKETS = 512;

export class PersistentMap<K extends string | number, V> {
  readonly #buckets: readonly (ReadonlyMap<K, V> | undefined)[];
  readonly size: number;

  private constructor(buckets: readonly (ReadonlyMap<K, V> | undefined)[], size: number) {
    this.#buckets = buckets;
    this.size = size;
  }

  static empty<K extends string | number, V>(): PersistentMap<K, V> {
    return new PersistentMap<K, V>([], 0);
  }

  get(key: K): V | undefined {
    return this.#buckets[bucketOf(key)]?.get(key);
  }

  has(key: K): boolean {
    return this.#buckets[bucketOf(key)]?.has(key) ?? false;
  }

  set(key: K, value: V): PersistentMap<K, V> {
    const bucket = new Map(this.#buckets[bucketOf(key)]);
    const added = bucket.has(key) ? 0 : 1;
    bucket.set(key, value);
    return this.#with(bucketOf(key), bucket, this.size + added);
  }

  delete(key: K): PersistentMap<K, V> {
    if (!this.has(key)) return this;
    const bucket = new Map(this.#buckets[bucketOf(key)]);
    bucket.delete(key);
    return this.#with(bucketOf(key), bucket, this.size - 1);
  }

  *values(): IterableIterator<V> {
    for (const bucket of this.#buckets) if (bucket) yield* bucket.values();
  }

  #with(index: number, bucket: ReadonlyMap<K, V>, size: number): PersistentMap<K, V> {
    const buckets = this.#buckets.slice();
    buckets[index] = bucket;
    return new PersistentMap(buckets, size);
  }
}

function bucketOf(key: string | number): number {
  if (typeof key === 'number') return key % BUCKETS;
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) | 0;
  return (hash >>> 0) % BUCKETS;
}
