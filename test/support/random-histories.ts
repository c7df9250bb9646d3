import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Test } from 'tap';
import type { EventStore } from '../../src/engine/core/event-store.js';
import type { Runtime } from '../../src/runtime.js';
import { registerUser } from '../../src/user/register.js';
import { testContext } from './context.js';
import { choices, RandomShop } from './random-shop.js';
import { dropReadModels, readModelRows } from './read-model-rows.js';
import { type RunningApp, runningApp } from './running-app.js';

const MOMENTS = ['stop projectors', 'start projectors', 'restart', 'compare', 'compare'] as const;

/** Without the upload of a proof, which takes a process of its own. */
async function registerBuyer({ handler, emailClaims }: Runtime): Promise<string> {
  const [user_id, document_id, at] = [randomUUID(), randomUUID(), new Date().toISOString()];
  const id_proof = { document_id, bytes: 1, uploaded_at: at, sha256: 'aa', key: 'k' };
  const user = { user_id, name: 'Ada', email: 'ada@shop.test', email_hash: 'ada', id_proof, at };
  await registerUser(handler, emailClaims, { type: 'RegisterUser', ...user }, testContext());
  return user_id;
}

const steps = fc.array(
  fc.oneof({ arbitrary: choices, weight: 7 }, { arbitrary: fc.constantFrom(...MOMENTS), weight: 1 }),
  { minLength: 20, maxLength: 90, size: 'max' },
);

/**
 * Drives random histories through the HTTP commands, with duplicates, restarts and projectors that stop, and compares all that
 * the queries say with brute force; in the end the read models are dropped, and made again row for row.
 * @param opener gives, for each history, how its log is opened; nothing where it is the database's own
 */
export async function randomHistories(
  t: Test,
  numRuns: number,
  opener: () => (() => EventStore) | undefined = () => undefined,
): Promise<void> {
  const property = fc.asyncProperty(steps, async (all) => {
    const open = opener();
    const log = (): { store?: EventStore } => (open ? { store: open() } : {});
    let app: RunningApp = await runningApp(t, { ...log() });
    const { database } = app;
    const shop = new RandomShop(app.http, await registerBuyer(app.runtime));
    app.http.position = app.runtime.tokens.encode(await app.runtime.store.head());
    let projecting = true;
    const project = async (wanted: boolean): Promise<void> => {
      if (wanted && !projecting) app.startProjectors();
      if (!wanted && projecting) await app.stopProjectors();
      projecting = wanted;
    };
    // Not at the place of the last answer: a command sent twice is answered with the place of the first time.
    const compare = async (): Promise<void> => {
      shop.http.position = app.runtime.tokens.encode(await app.runtime.store.head());
      // On a server that others use too, there is much to pass over.
      shop.http.patience = 30;
      await shop.compare();
    };
    for (const step of all) {
      if (typeof step === 'object') await shop.act(step, projecting);
      else if (step === 'compare') {
        await project(true);
        await compare();
      } else if (step === 'restart') {
        await app.close();
        const { position } = shop.http;
        app = await runningApp(t, { database, projectors: projecting, ...log() });
        shop.http = app.http;
        shop.http.position = position;
      } else await project(step === 'start projectors');
    }
    await project(true);
    await compare();
    await project(false);
    const lived = await readModelRows(database.pool);
    await dropReadModels(database.pool);
    await project(true);
    await compare();
    await project(false);
    assert.deepEqual(await readModelRows(database.pool), lived, 'projected again: every row equal');
    await app.close();
  });
  await fc.assert(property, { numRuns, endOnFailure: true });
}
