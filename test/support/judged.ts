import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Test } from 'tap';
import { type IdProofGate, storeIdProof } from '../../src/documents/id-proof-gate.js';
import { PdfChecker, type PdfCheckerOptions } from '../../src/documents/pdf-checker.js';
import { Refusal } from '../../src/engine/core/errors.js';
import { folderStore } from './folder-store.js';

export interface Judge extends IdProofGate {
  readonly dir: string;
  /** 'accepted', or the code of the refusal. */
  verdict(...pieces: Buffer[]): Promise<string>;
}

/** The gate of id proofs before a folder of the test. */
export function judgeIn(t: Test, options: PdfCheckerOptions = {}): Judge {
  const dir = join(t.testdir(), 'documents');
  const checker = new PdfChecker(options);
  t.teardown(() => checker.close());
  const gate = { store: folderStore(dir), checker, maxBytes: 10 * 1024 * 1024, dir };
  return { ...gate, verdict: (...pieces) => verdictOf(gate, Readable.from(pieces)) };
}

async function verdictOf(gate: IdProofGate, source: Readable): Promise<string> {
  try {
    await storeIdProof(gate, source);
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
