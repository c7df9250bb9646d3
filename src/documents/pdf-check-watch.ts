/** Ends the checking process, however busy it is, when a document takes too much of it or its parent is gone. */
import { parentPort, workerData } from 'node:worker_threads';
import { type OwnLimits, TOO_MUCH } from './pdf-verdict.js';

const EVERY_MS = 50;
const { memoryBytes, cpuMs } = workerData as OwnLimits;
const parent = process.ppid;
let begun = process.cpuUsage();

parentPort?.on('message', () => (begun = process.cpuUsage()));

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  const { user, system } = process.cpuUsage(begun);
  // V8's own limit does not count the buffers that streams are inflated into.
  if (process.memoryUsage.rss() > memoryBytes || (user + system) / 1_000 > cpuMs) process.kill(process.pid, TOO_MUCH);
}, EVERY_MS);

parentPort?.postMessage('watching');
