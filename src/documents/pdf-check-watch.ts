/** Ends the checking process, however busy it is, when it takes too much memory or its parent is gone. */
import { parentPort, workerData } from 'node:worker_threads';
import { TOO_MUCH_MEMORY } from './pdf-verdict.js';

const EVERY_MS = 50;
const { memoryLimit } = workerData as { readonly memoryLimit: number };
const parent = process.ppid;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  // V8's own limit does not count the buffers that streams are inflated into.
  if (process.memoryUsage.rss() > memoryLimit) process.kill(process.pid, TOO_MUCH_MEMORY);
}, EVERY_MS);

parentPort?.postMessage('watching');
