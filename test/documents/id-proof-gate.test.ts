import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { constants, getPriority } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { Refusal } from '../../src/engine/core/errors.js';
import { DocumentTooLarge } from '../../src/documents/document-store.js';
import { faultOfIdProof, type IdProofGate, storeIdProof } from '../../src/documents/id-proof-gate.js';
import { PdfChecker, type PdfCheckerOptions } from '../../src/documents/pdf-checker.js';
import type { PdfVerdict } from '../../src/documents/pdf-verdict.js';
import { until } from '../support/orderlog.js';
import { folderStore, pathIn } from '../support/folder-store.js';
import { encryptedPdf, explodingPdf, pdfForCertificates, pdfWithoutPages, tinyPdf } from '../support/tiny-pdf.js';

const MAX_BYTES = 10 * 1024 * 1024;

function gateIn(t: Test, options: PdfCheckerOptions = {}): IdProofGate & { dir: string } {
  const dir = join(t.testdir(), 'documents');
  const checker = new PdfChecker(options);
  t.teardown(() => checker.close());
  return { store: folderStore(dir), checker, maxBytes: MAX_BYTES, dir };
}

async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

const hasProc = process.platform === 'linux';

/** Of /proc/…/stat, from the state on. */
function fieldsOf(pid: number | string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => fieldsOf(pid)[1] === String(parent)).map(Number);
}

/** 'accepted', or the code of the refusal. */
async function verdict(gate: IdProofGate, ...pieces: Buffer[]): Promise<string> {
  try {
    await storeIdProof(gate, Readable.from(pieces));
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

t.test('stores a PDF that opens, readable with its key', async (t) => {
  const gate = gateIn(t);
  const pdf = tinyPdf(200_000);
  const { document_id, key, bytes } = await storeIdProof(gate, Readable.from([pdf]));
  t.equal(bytes, pdf.length);
  t.same(await filesIn(gate.dir), [document_id]);
  const { content } = await gate.store.read(document_id, key);
  t.ok(pdf.equals(Buffer.concat((await content.toArray()) as Buffer[])));
});

t.test('refuses what is no acceptable PDF with the code of its fault, and keeps nothing of it', async (t) => {
  const gate = gateIn(t);
  t.equal(await verdict(gate), 'id-proof-missing');
  t.equal(await verdict(gate, Buffer.alloc(0)), 'id-proof-missing');
  t.equal(await verdict(gate, Buffer.from('%PDF')), 'id-proof-not-pdf');
  t.equal(await verdict(gate, Buffer.concat([Buffer.from('\n'), tinyPdf()])), 'id-proof-not-pdf');
  t.equal(await verdict(gate, Buffer.from('PK\u0003\u0004')), 'id-proof-not-pdf');
  t.equal(await verdict(gate, Buffer.from('%PDF-')), 'id-proof-damaged');
  t.equal(await verdict(gate, Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(5_000)])), 'id-proof-damaged');
  t.equal(await verdict(gate, pdfWithoutPages()), 'id-proof-damaged');
  t.equal(await verdict(gate, encryptedPdf('secret')), 'id-proof-encrypted', 'wants a password');
  t.equal(
    await verdict(gate, encryptedPdf('')),
    'id-proof-encrypted',
    'opens without one and is encrypted all the same',
  );
  t.equal(await verdict(gate, pdfForCertificates()), 'id-proof-encrypted');
  t.same(await filesIn(gate.dir), []);
});

t.test('sees the start of a PDF however the bytes are cut', async (t) => {
  const gate = gateIn(t);
  const bytes = [...tinyPdf()].map((byte) => Buffer.of(byte));
  t.equal(await verdict(gate, ...bytes), 'accepted');
  t.equal(await verdict(gate, Buffer.from('%P'), Buffer.from('DX')), 'id-proof-not-pdf');
});

t.test('refuses a file over the limit, and reads what is refused to its end', async (t) => {
  const gate = { ...gateIn(t), maxBytes: 100_000 };
  const large = Readable.from([tinyPdf(90_000), Buffer.alloc(20_000), Buffer.alloc(20_000)]);
  await t.rejects(storeIdProof(gate, large), DocumentTooLarge);
  const other = Readable.from([Buffer.from('no pdf'), ...Array.from({ length: 50 }, () => Buffer.alloc(1_000))]);
  await t.rejects(storeIdProof(gate, other), { code: 'id-proof-not-pdf' });
  for (const source of [large, other]) {
    if (!source.readableEnded) await new Promise((resolve) => source.once('end', resolve));
    t.ok(source.readableEnded, 'its sender is not left hanging');
  }
  t.same(await filesIn(gate.dir), []);
});

t.test('a file over the limit is too large, whatever it is, and one at the limit is what it is', async (t) => {
  const gate = { ...gateIn(t), maxBytes: 10_000 };
  const of = (start: string, bytes: number): Buffer[] => [Buffer.from(start), Buffer.alloc(bytes - start.length)];
  const cutOff = (pieces: Buffer[]) => Object.assign(Readable.from(pieces), { truncated: true });
  for (const start of ['PK\u0003\u0004', '%PDX', '%PDF-']) {
    await t.rejects(storeIdProof(gate, Readable.from(of(start, 10_001))), DocumentTooLarge, start);
    await t.rejects(storeIdProof(gate, cutOff(of(start, 10_000))), DocumentTooLarge, `${start}, cut off`);
    t.equal(await faultOfIdProof(gate, Readable.from(of(start, 10_001))), new DocumentTooLarge(10_000).message);
  }
  await t.rejects(storeIdProof(gate, cutOff([])), DocumentTooLarge, 'cut off before its first byte');
  t.equal(await verdict(gate, ...of('PK', 10_000)), 'id-proof-not-pdf');
  t.equal(await verdict(gate, ...of('%PDF-', 10_000)), 'id-proof-damaged');
  t.same(await filesIn(gate.dir), []);
});

t.test('a document that explodes is damaged, and the next one is checked', async (t) => {
  const gate = gateIn(t, { processes: 1, limits: { cpuMs: 30_000, timeMs: 30_000, memoryMb: 400 } });
  t.equal(await verdict(gate, explodingPdf(1_000)), 'accepted', 'nothing else is wrong with it');
  t.equal(await verdict(gate, explodingPdf(400_000_000)), 'id-proof-damaged');
  t.equal(await verdict(gate, tinyPdf()), 'accepted', 'the next one');
});

t.test(
  'a check that computes for too long ends with its process, and is damaged; one that crashes is tried again',
  async (t) => {
    const path = join(t.testdir({ pids: '' }), 'pids');
    const script = new URL('./stuck-check.js', import.meta.url);
    const checker = new PdfChecker({ processes: 1, script, limits: { cpuMs: 300, timeMs: 30_000, memoryMb: 200 } });
    const check = (documentId: string): Promise<PdfVerdict> => checker.check({ path, documentId, key: '' });
    const [hanging, crashing, next] = [check('hang'), check('crash'), check('hang')];
    t.equal(await hanging, 'damaged');
    await t.rejects(crashing, { code: 'overloaded' }, 'a crash says nothing about the document');
    t.equal(await next, 'damaged');
    await checker.close();
    const pids = (await readFile(path, 'utf8')).trim().split('\n').map(Number);
    t.equal(new Set(pids).size, 5, 'a new process each time, and three for the one that crashes');
    for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'and none of them is left');
  },
);

t.test('a check that gets no core in time blames the machine and not the document', async (t) => {
  const path = join(t.testdir({ pids: '' }), 'pids');
  const script = new URL('./stuck-check.js', import.meta.url);
  const checker = new PdfChecker({ processes: 1, script, limits: { cpuMs: 60_000, timeMs: 300, memoryMb: 200 } });
  await t.rejects(checker.check({ path, documentId: 'hang', key: '' }), { code: 'overloaded' });
  await checker.close();
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const) {
  t.test(`${signal} to all checking processes costs no document its verdict`, { skip: !hasProc }, async (t) => {
    const gate = gateIn(t, { processes: 2 });
    const sent = new Set<number>();
    const timer = setInterval(() => {
      for (const pid of childrenOf(process.pid).filter((one) => !sent.has(one))) {
        // Once each: what is started again must be able to work.
        sent.add(pid);
        process.kill(pid, signal);
      }
    }, 5);
    t.teardown(() => {
      clearInterval(timer);
    });
    const verdicts = await Promise.all(Array.from({ length: 6 }, () => verdict(gate, tinyPdf(100_000))));
    t.notOk(verdicts.includes('id-proof-damaged'), verdicts.join(', '));
    t.not(sent.size, 0);
    clearInterval(timer);
    t.equal(await verdict(gate, tinyPdf()), 'accepted', 'and the next one is checked');
  });
}

t.test('a checking process is in no group that gets our signals', { skip: !hasProc }, async (t) => {
  const gate = gateIn(t, { processes: 1 });
  t.equal(await verdict(gate, tinyPdf()), 'accepted');
  const groups = childrenOf(process.pid).map((pid) => Number(fieldsOf(pid)[2]));
  t.not(groups.length, 0);
  t.notOk(groups.includes(Number(fieldsOf(process.pid)[2])));
});

t.test('a checking process gives way to others, and so does its session', { skip: !hasProc }, async (t) => {
  const gate = gateIn(t, { processes: 1 });
  t.equal(await verdict(gate, tinyPdf()), 'accepted');
  const [pid, ...others] = childrenOf(process.pid) as [number, ...number[]];
  t.same(others, []);
  const below = constants.priority.PRIORITY_BELOW_NORMAL;
  t.equal(getPriority(pid), below);
  const session = `/proc/${pid}/autogroup`;
  // Not every kernel shares the cores out by session.
  if (existsSync(session)) await until(() => readFileSync(session, 'utf8').trim().endsWith(`nice ${below}`));
});

t.test('a check that hangs ends when its parent is killed', { skip: process.platform !== 'linux' }, async (t) => {
  const path = join(t.testdir({ pids: '' }), 'pids');
  const parent = spawn(process.execPath, [fileURLToPath(new URL('./stuck-parent.js', import.meta.url)), path]);
  const pid = async (): Promise<number> => Number(await readFile(path, 'utf8'));
  while (!(await pid())) await sleep(20);
  parent.kill('SIGKILL');
  const running = async (): Promise<boolean> => {
    const state = await readFile(`/proc/${await pid()}/stat`, 'utf8').catch(() => ') Z');
    return !/\) [ZX]/.test(state);
  };
  for (let tries = 0; tries < 200 && (await running()); tries++) await sleep(20);
  t.notOk(await running());
});

t.test('a checker that is closed in between finishes what is under way and takes nothing more', async (t) => {
  const gate = gateIn(t, { processes: 1 });
  const { document_id, key } = await gate.store.write(Readable.from([tinyPdf()]), { maxBytes: MAX_BYTES });
  const question = { path: pathIn(gate.dir, document_id), documentId: document_id, key };
  const [first, second] = [gate.checker.check(question), gate.checker.check(question)];
  const closed = gate.checker.close();
  await t.rejects(second, { code: 'overloaded' });
  t.equal(await first, 'acceptable');
  await closed;
  await t.rejects(gate.checker.check(question), { code: 'overloaded' });
});

t.test('a document that vanished is a fault of ours and not damaged', async (t) => {
  const gate = gateIn(t, { processes: 1 });
  const documentId = randomUUID();
  await t.rejects(
    gate.checker.check({ path: pathIn(gate.dir, documentId), documentId, key: randomBytes(32).toString('base64url') }),
    { message: /can't be checked/ },
  );
});

t.test('sixty-four uploads at once wait for their turn', async (t) => {
  const gate = gateIn(t);
  const verdicts = await Promise.all(
    Array.from({ length: 64 }, (_, index) => verdict(gate, index % 2 ? tinyPdf() : pdfWithoutPages())),
  );
  t.equal(verdicts.filter((code) => code === 'accepted').length, 32);
  t.equal(verdicts.filter((code) => code === 'id-proof-damaged').length, 32);
  t.equal((await filesIn(gate.dir)).length, 32);
});

t.test('uploads beyond those that may wait are sent away', async (t) => {
  const gate = gateIn(t, { processes: 1, waiting: 2 });
  const verdicts = await Promise.all(Array.from({ length: 10 }, () => verdict(gate, tinyPdf())));
  t.ok(verdicts.includes('overloaded'));
  t.ok(verdicts.includes('accepted'));
  t.same([...new Set(verdicts)].sort(), ['accepted', 'overloaded']);
});
