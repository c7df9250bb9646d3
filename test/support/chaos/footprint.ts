import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What this process holds on to. */
export interface Footprint {
  /** Bytes, of the heap and beside it, after what is garbage was collected. */
  readonly memory: number;
  /** Sockets, timers and other things that are open, by kind. */
  readonly handles: Readonly<Record<string, number>>;
}

export async function footprint(): Promise<Footprint> {
  for (let n = 0; n < 3; n++) {
    collect();
    // Finalizers and closing sockets have their turn.
    await sleep(50);
  }
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  const { heapUsed, external } = process.memoryUsage();
  return { memory: heapUsed + external, handles };
}
