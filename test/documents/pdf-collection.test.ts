import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Refusal } from '../../src/engine/core/errors.js';
import { storeIdProof } from '../../src/documents/id-proof-gate.js';
import { PdfChecker } from '../../src/documents/pdf-checker.js';
import { folderStore } from '../support/folder-store.js';

const collection = process.env['PDF_COLLECTION'] ?? join(import.meta.dirname, '../../../../shared/data/pdf');
const index = join(collection, 'INDEX.csv');
const skip = !existsSync(index) && 'the collection of PDFs (../shared/data/pdf) is not here';

const CODES: Readonly<Record<string, string>> = {
  'not-a-pdf': 'id-proof-not-pdf',
  encrypted: 'id-proof-encrypted',
  'active-content': 'id-proof-active-content',
  damaged: 'id-proof-damaged',
};

t.test(
  `each file of a collection of PDFs gets its verdict${skip ? ` (skipped: ${skip})` : ''}`,
  { skip },
  async (t) => {
    const checker = new PdfChecker();
    t.teardown(() => checker.close());
    const gate = { store: folderStore(join(t.testdir(), 'documents')), checker, maxBytes: 10 * 1024 * 1024 };
    const rows = readFileSync(index, 'utf8').trim().split('\n').slice(1);
    const verdicts = await Promise.all(
      rows.map(async (row) => {
        const [file, expected, reason] = row.split(',') as [string, string, string];
        return { file, expected, reason, code: await verdict(createReadStream(join(collection, file))) };
      }),
    );
    const wrong = verdicts.filter(({ expected, reason, code }) => {
      if (expected === 'accept') return code !== 'accepted';
      if (expected === 'either') return !['accepted', ...Object.values(CODES)].includes(code);
      return code !== CODES[reason];
    });
    t.same(wrong, []);
    t.ok(verdicts.length > 300);

    async function verdict(source: ReturnType<typeof createReadStream>): Promise<string> {
      try {
        await storeIdProof(gate, source);
        return 'accepted';
      } catch (error) {
        return error instanceof Refusal ? error.code : String(error);
      }
    }
  },
);
