/**
 * The child process that looks into a PDF: a file that is made to break its reader breaks this process and no other.
 * It takes one check at a time over IPC, has an empty environment, and ends with its parent.
 */
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import './no-drawing.js';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { FrameOpener } from './frames.js';
import { inspect } from './pdf-inspection.js';
import type { OwnLimits, PdfAnswer, PdfQuestion, PdfVerdict } from './pdf-verdict.js';

const own: OwnLimits = { memoryBytes: Number(process.argv[2]), cpuMs: Number(process.argv[3]) };

async function judge(pdf: Uint8Array): Promise<PdfVerdict> {
  // Before anything else inflates a stream of it, and before the library takes the bytes away.
  const found = await inspect(pdf).catch(() => null);
  if (!found) return 'damaged';
  const opened = await open(pdf);
  if (opened === 'encrypted') return 'encrypted';
  if (found.active) return 'active-content';
  if (found.foreign) return 'not-pdf';
  if (opened === 'damaged' || found.damaged) return 'damaged';
  return found.holdsMore ? 'not-pdf' : 'acceptable';
}

/** Opens the document and its first page; nothing is drawn, no font is loaded, no script is run. */
async function open(pdf: Uint8Array): Promise<'opens' | 'encrypted' | 'damaged'> {
  const task = getDocument({
    data: pdf,
    verbosity: 0,
    isEvalSupported: false,
    enableXfa: false,
    disableFontFace: true,
    useSystemFonts: false,
    useWasm: false,
    useWorkerFetch: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    stopAtErrors: false,
  });
  try {
    const document = await task.promise;
    const { info } = await document.getMetadata();
    // Also a document that opens without a password: the holder of the owner's password says what it allows.
    if ((info as { EncryptFilterName?: unknown }).EncryptFilterName) return 'encrypted';
    await document.getPage(1);
    return 'opens';
  } catch (error) {
    return isAboutEncryption(error) ? 'encrypted' : 'damaged';
  } finally {
    await task.destroy().catch(() => undefined);
  }
}

/** A password is wanted, or the way of encryption is not known. */
function isAboutEncryption(error: unknown): boolean {
  return error instanceof Error && (error.name === 'PasswordException' || /encrypt/i.test(error.message));
}

async function decrypt({ path, documentId, key }: PdfQuestion): Promise<Uint8Array> {
  const opener = new FrameOpener(documentId, Buffer.from(key, 'base64url'));
  const plain = Buffer.concat([...opener.add(await readFile(path)), opener.end()]);
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
}

async function answer(question: PdfQuestion): Promise<PdfAnswer> {
  let pdf: Uint8Array;
  watch.postMessage('a new document');
  try {
    pdf = await decrypt(question);
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
  const verdict = await judge(pdf);
  return { verdict, spent: process.memoryUsage.rss() > own.memoryBytes / 2 };
}

// A document that has its answer already must not end the check of the next one.
process.on('unhandledRejection', () => undefined);
process.on('disconnect', () => process.exit(0));
// A signal to everything that belongs to the service is for the parent: it finishes its work, and ends this process then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => undefined);
process.on('message', (question: PdfQuestion) => {
  void answer(question).then((result) => process.send?.(result));
});
// Nothing is looked into before somebody watches over it.
const watch = new Worker(new URL('./pdf-check-watch.js', import.meta.url), { workerData: own });
watch.once('message', () => process.send?.('ready'));
