/** The most memory that processes had, as Linux tells it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from './processes.js';

export interface Ran {
  readonly seconds: number;
  /** Exit code or signal. */
  readonly code: number | string | null;
  readonly peak_mb: number;
  readonly stderr?: string;
}

const LOOK_EVERY_MS = 50;

/** Runs a command as its users do. */
export async function runWatched(settings: Settings, ...args: string[]): Promise<Ran> {
  const begun = performance.now();
  const child = spawn(process.execPath, [join(import.meta.dirname, '../src/cli.js'), ...args, '--json'], {
    env: { PATH: '/usr/bin:/bin', ...settings },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, peakOf(child.pid as number))), LOOK_EVERY_MS);
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => (stderr = (stderr + piece.toString()).slice(-2_000)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearInterval(watch);
  return { seconds: seconds(begun), code: code ?? signal, peak_mb: peak, ...(code !== 0 && { stderr }) };
}

export function peakOf(pid: number): number {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

export function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${Number(name)}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')')).split(' ')[2] === String(pid) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

export function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10;
}
