declare const sealedBrand: unique symbol;

/**
 * Text encrypted with its owner's key and bound to the stream, the event and the field it stands in: an opaque string.
 * Logs, tables and documents hold only this form.
 */
export type Sealed = string & { readonly [sealedBrand]: true };

/** Whether a text may be a sealed one, of whatever version: a number, a dot, then more bytes than any plain text here has. */
export function looksSealed(text: string): boolean {
  return /^\d+\.[\w-]{40,}$/.test(text);
}

/** A sealed text that can't be opened though its owner was not erased. The message names the place, never the text. */
export class Unopened extends Error {
  override readonly name = 'Unopened';
}

/** Where a sealed text belongs. The same text does not open anywhere else. */
export interface SealedContext {
  readonly stream: string;
  /** Path of the field in the event's data. */
  readonly field: string;
  /** The event it stands in. May be left out where a sealed text is opened in a row, which does not know it. */
  readonly eventId?: string;
}

/** The owners' keys at work. Keys never leave it. */
export interface Vault {
  /**
   * Seals a text for its owner; the owner's key is made when there is none.
   * @throws Refusal when the owner's key has been destroyed
   */
  seal(owner: string, place: SealedContext & { readonly eventId: string }, text: string): Promise<Sealed>;
  /**
   * Opens a sealed text; null when the owner's key has been destroyed.
   * @throws Unopened when it was tampered with, or its key is lost
   */
  open(owner: string, place: SealedContext, sealed: Sealed): Promise<string | null>;
  /** Loads the keys of many owners in one round trip, so that the calls that follow need none. */
  prefetch(owners: readonly string[]): Promise<void>;
  /** Makes the keys that are missing, for many owners in one round trip. */
  createKeys(owners: readonly string[]): Promise<void>;
}
