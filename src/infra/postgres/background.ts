/** Work that nobody waits for, on a machine where others do work that is waited for. */
import { constants, getPriority, setPriority } from 'node:os';
import type pg from 'pg';

/**
 * About a tenth of what others get where they want the same core. Still lower is worse for them: a process that holds a lock of the
 * server, and does not get to run, keeps all others waiting.
 */
const BACKGROUND = constants.priority.PRIORITY_BELOW_NORMAL;

/** Lets others come first, before this process or another. */
export function giveWay(process = 0): void {
  try {
    if (getPriority(process) < BACKGROUND) setPriority(process, BACKGROUND);
  } catch {
    // It has ended or is another user's: then it works as the others do.
  }
}

/** Lets the server's process of a connection give way. Only for a server on this machine. */
export function connectionGivesWay(client: pg.ClientBase): void {
  const { processID } = client as { readonly processID?: number | null };
  if (processID) giveWay(processID);
}
