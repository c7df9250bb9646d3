/** A process in the midst of a check that never ends. */
import { PdfChecker } from '../../src/documents/pdf-checker.js';

const script = new URL('./stuck-check.js', import.meta.url);
const checker = new PdfChecker({ processes: 1, script, limits: { cpuMs: 60_000, timeMs: 60_000, memoryMb: 200 } });
await checker.check({ path: process.argv[2] as string, documentId: 'hang', key: '' });
