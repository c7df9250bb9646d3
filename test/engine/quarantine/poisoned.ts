/** A shop with an order that waits. */
import type { Test } from 'tap';
import { projections } from '../../../projections/index.js';
import { startProjectors, type Projectors } from '../../../src/engine/projecting/projector.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import type { QuarantineCommandDeps } from '../../../src/commands/quarantine.js';
import { broken } from '../../support/broken.js';
import { demo, type RunningApp, runningApp } from '../../support/running-app.js';
import { atTheHead } from '../../support/unknown-types.js';
import { quiet } from '../builds/rebuilding.js';

export interface Poisoned {
  readonly shop: RunningApp;
  /** The order that waits, and where. */
  readonly bad: string;
  readonly stream: string;
  readonly userId: string;
  /** All projections, with code that can't take the order's first event. */
  readonly worse: readonly AnyProjection[];
  readonly deps: QuarantineCommandDeps;
  /** Ends the projectors that run and starts these. */
  readonly runWith: (models: readonly AnyProjection[]) => Promise<void>;
}

/** A shop of five orders and two more that went on; one of all is too much for the code that projects. */
export async function poisoned(t: Test): Promise<Poisoned> {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  let running: Projectors | null = null;
  t.teardown(() => running?.stop());
  const runWith = async (models: readonly AnyProjection[]): Promise<void> => {
    await running?.stop();
    running = startProjectors({ ...runtime, log: quiet, projections: models });
  };
  const { user_id: userId } = await shop.registerUser();
  for (let i = 0; i < 4; i++) await shop.placeOrder(userId, [1, 2]);
  await shop.stopProjectors();
  const { order_id: bad } = await shop.placeOrder(userId, [1]);
  const stream = `order-${bad}`;
  const worse = projections.map((one) => (one.keyedBy?.includes('order') ? broken(one, [`${stream}@0`]) : one));
  await runWith(worse);
  await shop.http.ok('POST', `/v1/orders/${bad}/mark-paid`, { json: {} });
  await shop.placeOrder(userId, [2]);
  await atTheHead(shop);
  return { shop, bad, stream, userId, worse, deps: runtime, runWith };
}

/** The models that it waits in. */
export const WAITING = ['order-counts', 'user-orders'];
