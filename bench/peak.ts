/** The most memory that processes had, as Linux tells it. Elsewhere 0. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Settings, started } from './processes.js';
import type { Tell } from './progress.js';

/** Of /proc. */
const TICKS_PER_SECOND = 100;

export interface Ran {
  readonly seconds: number;
  readonly peak_mb: number;
  /** Of the processes that the command started itself, 0 if it started none. */
  readonly children_mb: number;
}

const LOOK_EVERY_MS = 50;
/** Looking for children reads all of /proc. */
const LOOK_FOR_CHILDREN_EVERY_MS = 500;
const KEPT = 2_000;

/** Runs a command as its users do. @throws Error with the end of what the command said, if it fails */
export async function runWatched(
  settings: Settings,
  args: readonly string[],
  tell: Tell = () => undefined,
): Promise<Ran> {
  const begun = performance.now();
  const env = { PATH: '/usr/bin:/bin', ...settings };
  const file = join(import.meta.dirname, '../src/cli.js');
  const child = started([file, ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const memory = watchMemory(child.pid as number);
  // A verification that finds differences prints them.
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece: Buffer) => {
      said = (said + piece.toString()).slice(-KEPT);
      if (stream === child.stderr) tell(said.trimEnd().split('\n').at(-1) ?? '');
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const peaks = await memory.stop();
  if (code !== 0) throw new Error(`orderlog ${args.join(' ')} ended with ${code ?? signal}: ${said}`);
  return { seconds: seconds(begun), ...peaks };
}

export interface MemoryWatch {
  stop(): Promise<Pick<Ran, 'peak_mb' | 'children_mb'>>;
}

/** Looks at a process and its children until it is told to stop. */
export function watchMemory(pid: number): MemoryWatch {
  const most = { peak_mb: 0, children_mb: 0 };
  let isOver = false;
  const looking = (async (): Promise<void> => {
    for (let next = 0; !isOver; await sleep(LOOK_EVERY_MS)) {
      most.peak_mb = Math.max(most.peak_mb, peakOf(pid));
      if (performance.now() < next) continue;
      next = performance.now() + LOOK_FOR_CHILDREN_EVERY_MS;
      most.children_mb = Math.max(most.children_mb, ...childrenOf(pid).map(peakOf));
    }
  })();
  return {
    stop: async () => {
      most.peak_mb = Math.max(most.peak_mb, peakOf(pid));
      isOver = true;
      await looking;
      return most;
    },
  };
}

export function peakOf(pid: number): number {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

/** Processor time of a process so far; 0 once it has ended. */
export function cpuSeconds(pid: number): number {
  try {
    const [, fields = ''] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const [user, system] = fields.split(' ').slice(11, 13).map(Number);
    return ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND;
  } catch {
    // It has ended.
    return 0;
  }
}

export function childrenOf(pid: number): number[] {
  return processes().filter((child) => {
    try {
      const stat = readFileSync(`/proc/${child}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')')).split(' ')[2] === String(pid);
    } catch {
      return false;
    }
  });
}

function processes(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

export function seconds(since: number): number {
  return Math.round((performance.now() - since) / 10) / 100;
}
