/** Compares an answer with its example: what is another one on every installation is compared by its shape. */
import type { Json } from './api-document.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Opaque, or of one installation: any value of the same type will do. */
const OPAQUE = new Set([
  'position',
  'checkpoint',
  'head',
  'sha256',
  'bytes',
  'fingerprint',
  'email_hash',
  'external_reference_hash',
  'events',
  'version',
  'command_id',
  'correlation_id',
  'causation_id',
  'event_id',
]);
/** Of these the example shows the first ones. */
const BEGINNINGS = new Set(['models', 'checks', 'reactors']);

/** Ids of the examples, with those that stand for them here. */
export class Ids {
  readonly #here = new Map<string, string>();

  /** Forgets an id: the next answer sets it again. */
  forget(id: string): void {
    this.#here.delete(id);
  }

  /** What is sent for an example: its ids in their form here. */
  sent<T>(value: T): T {
    return JSON.parse(JSON.stringify(value), (_, one: unknown) =>
      typeof one === 'string' ? (this.#here.get(one) ?? one) : one,
    ) as T;
  }

  /** @returns where the answer differs from the example */
  differences(example: unknown, actual: unknown, path = '', name = ''): string[] {
    if (OPAQUE.has(name)) return typeof example === typeof actual ? [] : [`${path}: is ${typeof actual}`];
    if (typeof example === 'string')
      return this.#sameText(example, actual) ? [] : [`${path}: ${JSON.stringify(actual)} is not ${example}`];
    if (typeof example !== 'object' || example === null || typeof actual !== 'object' || actual === null) {
      return example === actual ? [] : [`${path}: ${JSON.stringify(actual)} is not ${JSON.stringify(example)}`];
    }
    const [wanted, given] = [Object.keys(example), Object.keys(actual)];
    const extra = BEGINNINGS.has(name) ? [] : given.filter((key) => !wanted.includes(key));
    return [
      ...extra.map((key) => `${path}.${key}: is not in the example`),
      ...wanted.flatMap((key) =>
        key in actual
          ? this.differences((example as Json)[key], (actual as Json)[key], `${path}.${key}`, key)
          : [`${path}.${key}: is missing`],
      ),
    ];
  }

  #sameText(example: string, actual: unknown): boolean {
    if (typeof actual !== 'string') return false;
    if (TIME.test(example)) return TIME.test(actual);
    if (UUID.test(example)) {
      if (!UUID.test(actual)) return false;
      const known = this.#here.get(example);
      if (known === undefined) this.#here.set(example, actual);
      return known === undefined || known === actual;
    }
    // Of a path, what comes before the opaque end; of a file, what it begins with.
    const beginning = example.replace(/(before|cursor)=.*$/, '$1=').replace(/\s*…$/, '');
    return beginning === example ? actual === example : actual.includes(beginning);
  }
}
