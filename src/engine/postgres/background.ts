/** Work that nobody waits for, on a machine where others do work that is waited for. */
import { readFile, writeFile } from 'node:fs/promises';
import { constants, getPriority, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/**
 * About a tenth of what others get where they want the same core. Still lower is worse for them: a process that holds a lock of the
 * server, and does not get to run, keeps all others waiting.
 */
const BACKGROUND = constants.priority.PRIORITY_BELOW_NORMAL;

/** The kernel takes such a change from one without privileges ten times a second, from all of them together. */
const TRY_AGAIN_MS = 150;
const TRIES = 20;

/** Lets others come first, before this process or another, and before its session if it leads one. */
export function giveWay(pid = process.pid): void {
  try {
    if (getPriority(pid) < BACKGROUND) setPriority(pid, BACKGROUND);
  } catch {
    // It has ended or is another user's: then it works as the others do.
  }
  void sessionGivesWay(pid);
}

/** Lets the server's process of a connection give way. Only for a server on this machine. */
export function connectionGivesWay(client: pg.ClientBase): void {
  const { processID } = client as { readonly processID?: number | null };
  if (processID) giveWay(processID);
}

/**
 * Where Linux shares the cores out by session (sched(7), autogroup), a priority counts only within one. A process of the server, and
 * one that is started apart from our signals, leads a session of its own: that has to give way as well.
 */
async function sessionGivesWay(leader: number): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const stat = await readFile(`/proc/${leader}/stat`, 'utf8');
      // proc_pid_stat(5): behind the name are the state, the parent, the group, the session.
      const session = stat.slice(stat.lastIndexOf(')')).split(' ')[4];
      if (session === String(leader)) await writeFile(`/proc/${leader}/autogroup`, String(BACKGROUND));
      return;
    } catch (error) {
      // No such system, it has ended, or it is another user's.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    }
    await sleep(TRY_AGAIN_MS, undefined, { ref: false });
  }
}
