/** What the stand-in does wrong on command. */

/** What goes wrong with a call of any kind. */
export type CallFault =
  | 'unavailable'
  | 'not-ready'
  | 'not-leader'
  | 'no-leader'
  | 'stream-deleted'
  | 'access-denied'
  | 'unknown'
  | 'disk-full'
  /** No answer, ever, and nothing done. */
  | 'never'
  /** Nothing done, and the connection lost. */
  | 'drop'
  /** Waits first, and then does what was asked for. */
  | { readonly lateMs: number };

export type AppendFault =
  | CallFault
  | 'wrong-expected-version'
  /** Nothing done, and the server says so when the deadline of the call has passed. */
  | 'deadline'
  | 'apply-and-drop'
  | 'apply-and-never-answer'
  /** With the same correlation id; a client of the real package dies of it. */
  | 'answer-twice'
  /** Done at once, answered after so long. */
  | { readonly applyAndAnswerAfterMs: number };

/** After so many events of the read. */
export type ReadFault = CallFault | { readonly dropAfter: number } | { readonly unavailableAfter: number };

/** Of a subscription that begins; what is done to those under way is in subscriptions.ts. */
export type SubscribeFault =
  | CallFault
  /** Confirms, and sends nothing more. */
  | 'silent'
  /** Sends what is in the log, and nothing of what comes. */
  | 'silent-when-live'
  /** A checkpoint at the head, or the word that all is caught up, before the events that are still to be sent. */
  | 'checkpoint-early'
  | 'caught-up-early'
  /** Each checkpoint three times; or after each one that of before. */
  | 'checkpoints-repeated'
  | 'checkpoints-out-of-order'
  | { readonly endAfter: number }
  | { readonly unavailableAfter: number };

export interface FaultOf {
  readonly append: AppendFault;
  readonly read: ReadFault;
  readonly readAll: ReadFault;
  readonly subscribe: SubscribeFault;
  readonly delete: CallFault;
  readonly features: CallFault;
  readonly gossip: CallFault;
}

export type Place = keyof FaultOf;

export interface When {
  /** How many calls, default one; every matching call where there is a probability. */
  readonly times?: number;
  /** Of each call; drawn from a generator of its own with this seed, so that a run can be repeated. */
  readonly probability?: number;
  readonly seed?: number;
  /** Only calls on such a stream; `$all` for those on all. */
  readonly stream?: (stream: string) => boolean;
}

interface Rule {
  readonly place: Place;
  readonly fault: FaultOf[Place];
  readonly when: When;
  readonly random: () => number;
  left: number;
}

export class Faults {
  #rules: Rule[] = [];
  /** Every fault that was handed out, for a test that asks whether it happened. */
  readonly happened: { readonly place: Place; readonly stream: string; readonly fault: FaultOf[Place] }[] = [];

  /** Rules are asked in the order given, and the first that holds is the fault of a call. */
  add<P extends Place>(place: P, fault: FaultOf[P], when: When = {}): this {
    const left = when.times ?? (when.probability === undefined ? 1 : Infinity);
    this.#rules.push({ place, fault, when, left, random: seeded(when.seed ?? 1) });
    return this;
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault of this call, which counts it. */
  take<P extends Place>(place: P, stream: string): FaultOf[P] | undefined {
    const rule = this.#rules.find(
      (rule) =>
        rule.place === place &&
        rule.left > 0 &&
        (rule.when.stream?.(stream) ?? true) &&
        rule.random() < (rule.when.probability ?? 1),
    );
    if (!rule) return undefined;
    rule.left -= 1;
    this.happened.push({ place, stream, fault: rule.fault });
    return rule.fault as FaultOf[P];
  }
}

/** mulberry32: small, and the same on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
