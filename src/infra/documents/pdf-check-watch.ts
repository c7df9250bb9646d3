/** Ends the checking process, however busy it is, when it takes too much memory or its parent is gone. */
import { parentPort, workerData } from 'node:worker_threads';

const EVERY_MS = 50;
const { memoryLimit } = workerData as { readonly memoryLimit: number };
const parent = process.ppid;

setInterval(() => {
  // V8's own limit does not count the buffers that streams are inflated into.
  if (process.memoryUsage.rss() > memoryLimit || process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);

parentPort?.postMessage('watching');
