import { existsSync, readdirSync, readFileSync } from 'node:fs';

const GRACE_MS = 3_000;

/**
 * Ends what tests have left running, known by the run's folder in its arguments or environment, and gives it as lines for
 * people. Where the system does not tell of processes, there is nothing.
 */
export async function endLeftRunning(folder: string): Promise<readonly string[]> {
  for (const until = Date.now() + GRACE_MS; runningWith(folder).length > 0 && Date.now() < until;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return runningWith(folder).map(({ pid, command }) => {
    process.kill(pid, 'SIGKILL');
    return `left running, now killed: ${pid} ${command}`;
  });
}

function runningWith(folder: string): { pid: number; command: string }[] {
  if (!existsSync('/proc/self/stat')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), command: textOf(name, 'cmdline'), environment: textOf(name, 'environ') }))
    .filter(({ command, environment }) => command.includes(folder) || environment.includes(folder));
}

/** Empty for a process that is gone or another user's. */
function textOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
