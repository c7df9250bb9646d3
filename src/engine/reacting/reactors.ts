/** The reactors of a process, each run by whichever process has its lease. */
import { setMaxListeners } from 'node:events';
import type { EventStore } from '../core/event-store.js';
import { BackOff, pause } from '../postgres/back-off.js';
import { makeCheckpoint } from '../projecting/checkpoints.js';
import { endsWithin, mayRunAgain, newOwner, type Projectors } from '../projecting/projector.js';
import { Runner } from '../projecting/runner.js';
import type { CheckpointWatch } from '../projecting/watch.js';
import { checkpointIdOf, type Reactor } from './reactor.js';
import { type ReactorDeps, ReactorTerm } from './term.js';

export interface ReactorsOptions extends ReactorDeps {
  readonly store: EventStore;
  readonly reactors: readonly Reactor[];
  readonly watch: CheckpointWatch;
  /** Names this process in leases; made up if left out. */
  readonly owner?: string;
  /** Most events in a page. */
  readonly pageSize?: number;
}

const DRAIN_MS = 3_000;
const ABANDON_MS = 300;
/** How often a reactor that has stopped looks whether it may continue. */
const LOOK_EVERY_MS = 2_000;

/** Runs the reactors, those of them that no other process is running; takes over from a process that dies. */
export function startReactors(options: ReactorsOptions): Projectors {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const { owner = newOwner() } = options;
  const runners = options.reactors.map((reactor) => ({ reactor, runner: runnerOf(reactor, options, owner) }));
  const runs = Promise.all(runners.map((one) => keepRunning(one, options, stopping.signal)));
  return {
    async stop(): Promise<void> {
      stopping.abort();
      if (await endsWithin(runs, DRAIN_MS)) return;
      for (const { runner } of runners) runner.abandon();
      await endsWithin(runs, ABANDON_MS);
    },
  };
}

function runnerOf(reactor: Reactor, options: ReactorsOptions, owner: string): Runner {
  const { pool, store, watch, log, pageSize = 1_000 } = options;
  const { name, version, reads, handlers } = reactor;
  return new Runner(
    {
      kind: 'reactor',
      subject: { reactor: name, version },
      reads,
      handlers,
      begin: (beginning) => ReactorTerm.begin(options, reactor, beginning),
    },
    checkpointIdOf(reactor),
    { pool, store, subscribe: (wanted) => store.subscribe(wanted), watch, log, owner, pageSize },
  );
}

interface Running {
  readonly reactor: Reactor;
  readonly runner: Runner;
}

/** Until the signal. One that has stopped continues when its event is skipped, or when another process got past it and has ended. */
async function keepRunning({ reactor, runner }: Running, options: ReactorsOptions, signal: AbortSignal): Promise<void> {
  const { pool, log } = options;
  const { owner } = runner.options;
  const of = checkpointIdOf(reactor);
  const backOff = new BackOff();
  while (!signal.aborted) {
    try {
      await makeCheckpoint(pool, of);
      backOff.reset();
      // A checkpoint that was dropped is made again, at the start of the log.
      if ((await runner.run(signal)) === 'dropped') continue;
      while (!signal.aborted && !(await mayRunAgain(pool, of, owner))) await pauseOrChange(options.watch, signal);
    } catch (error) {
      const retry_ms = Math.round(backOff.next());
      const message = error instanceof Error ? error.message : String(error);
      log.warn({ reactor: reactor.name, message, retry_ms }, 'the checkpoint of a reactor can not be read');
      await pause(retry_ms, signal);
    }
  }
}

async function pauseOrChange(watch: CheckpointWatch, signal: AbortSignal): Promise<void> {
  const changed = new AbortController();
  const forget = watch.onBuildsChanged(() => {
    changed.abort();
  });
  await pause(LOOK_EVERY_MS, AbortSignal.any([signal, changed.signal]));
  forget();
}
