/** The definition of the event store port: one suite that every adapter passes, word for word. */
import type { Test } from 'tap';
import { appending } from './event-store/appending.js';
import { competing } from './event-store/competing.js';
import type { OpenLog } from './event-store/case.js';
import { following } from './event-store/following.js';
import { keeping } from './event-store/keeping.js';
import { reading } from './event-store/reading.js';
import { readingBack } from './event-store/reading-back.js';

/** Where broken differs from slow. */
const TIMEOUT_MS = 180_000;

/** The log need not be empty, and nothing else need be silent on it: every rule has streams of its own. */
export async function eventStoreContract(t: Test, name: string, open: OpenLog): Promise<void> {
  for (const [part, rules] of Object.entries({ appending, keeping, reading, readingBack, following, competing })) {
    await t.test(`${name}: ${part}`, { timeout: TIMEOUT_MS }, async (t) => rules(t, await open(t)));
  }
}
