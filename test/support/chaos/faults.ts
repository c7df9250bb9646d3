/** What goes wrong, one after the other: each is brought about, lasts a moment, and is over when it settles. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppendFault, ReadFault, SubscribeFault } from '../stand-in/faults.js';
import type { StandIn } from '../stand-in/stand-in.js';

export interface Trouble {
  readonly name: string;
  /** @param random as Math.random */
  bring(server: StandIn, random: () => number): Promise<void>;
}

const MOMENT_MS = 400;

function trouble(name: string, bring: Trouble['bring']): Trouble {
  return { name, bring };
}

function appends(name: string, fault: AppendFault, times: number): Trouble {
  return {
    name: `appends ${name}`,
    bring: async ({ faults }, random) => {
      faults.add('append', fault, { times: 1 + Math.floor(random() * times) });
      await sleep(2 * MOMENT_MS);
    },
  };
}

function reads(name: string, fault: ReadFault, times: number): Trouble {
  return {
    name: `reads ${name}`,
    bring: async ({ faults }) => {
      faults.add('read', fault, { times }).add('readAll', fault, { times });
      await sleep(2 * MOMENT_MS);
    },
  };
}

/** Subscriptions are made to begin again, and the new ones are served like that. */
function subscriptions(name: string, fault: SubscribeFault): Trouble {
  return {
    name: `subscriptions ${name}`,
    bring: async ({ faults, subscriptions: open }, random) => {
      faults.add('subscribe', fault, { times: 3 });
      if (random() < 0.5) open.end();
      else open.fail();
      await sleep(2 * MOMENT_MS);
    },
  };
}

export const troubles: readonly Trouble[] = [
  trouble('connections dropped, several times', async (server, random) => {
    for (let n = 0; n < 3; n++) {
      server.dropConnections();
      await sleep(random() * MOMENT_MS);
    }
  }),
  trouble('connections dropped, and new ones refused', async (server, random) => {
    server.refuseConnections();
    server.dropConnections();
    await sleep((1 + 3 * random()) * MOMENT_MS);
  }),
  trouble('the server killed, and started again', async (server, random) => {
    await server.kill();
    await sleep((1 + 3 * random()) * MOMENT_MS);
    await server.restart();
  }),
  trouble('the server frozen', async (server, random) => {
    server.freeze();
    await sleep((1 + 4 * random()) * MOMENT_MS);
  }),
  trouble('subscriptions silent', async (server) => {
    server.subscriptions.silence();
    await sleep(MOMENT_MS);
  }),
  trouble('subscriptions ended cleanly', async (server) => {
    server.subscriptions.end();
    await sleep(MOMENT_MS);
  }),
  trouble('checkpoints at the head before what stands there, each twice', async ({ subscriptions: open, log }) => {
    for (let n = 0; n < 20; n++) {
      await open.sendCheckpoint(log.head());
      await open.sendCheckpoint(log.head());
      if (n % 5 === 0) await open.sendCaughtUp();
      await sleep(MOMENT_MS / 10);
    }
  }),
  appends('applied, and the connection dropped', 'apply-and-drop', 3),
  appends('applied and never answered', 'apply-and-never-answer', 3),
  appends('applied and answered after 4 s', { applyAndAnswerAfterMs: 4_000 }, 3),
  appends('applied after 4 s', { lateMs: 4_000 }, 3),
  appends('answered twice', 'answer-twice', 5),
  appends('never answered', 'never', 3),
  appends('lost with the connection', 'drop', 3),
  appends('answered with Server Is Not Ready', 'not-ready', 10),
  appends('answered with a timeout', 'deadline', 3),
  appends('answered with unavailable', 'unavailable', 5),
  reads('broken off', { dropAfter: 0 }, 3),
  reads('answered with Server Is Not Ready', 'not-ready', 5),
  reads('never answered', 'never', 2),
  subscriptions('that send nothing', 'silent'),
  subscriptions('that send nothing new', 'silent-when-live'),
  subscriptions('with checkpoints that come early', 'checkpoint-early'),
  subscriptions('that say too early that they caught up', 'caught-up-early'),
  subscriptions('with repeated checkpoints', 'checkpoints-repeated'),
  subscriptions('with checkpoints out of order', 'checkpoints-out-of-order'),
  subscriptions('that end after three events', { endAfter: 3 }),
  subscriptions('that are not confirmed', 'never'),
];

/** From here on the server behaves; what it has done to subscriptions under way stays done. */
export async function endTrouble(server: StandIn): Promise<void> {
  server.faults.clear();
  server.thaw();
  await server.acceptConnections();
}
