/** Stands in for the checking process: writes its id into the file that it is asked about, and hangs or crashes. */
import { appendFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

process.on('message', ({ path, documentId }: { path: string; documentId: string }) => {
  appendFileSync(path, `${process.pid}\n`);
  if (documentId === 'crash') process.exit(3);
  for (;;);
});
const watch = new Worker(new URL('../../src/documents/pdf-check-watch.js', import.meta.url), {
  workerData: { memoryBytes: Infinity, cpuMs: Number(process.argv[3]) },
});
watch.once('message', () => process.send?.('ready'));
