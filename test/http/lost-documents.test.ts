/** Documents that are not on the disk as they were stored. */
import { mkdirSync, readFileSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { doctor } from '../../src/commands/doctor.js';
import { noProgress } from '../../src/commands/progress.js';
import { verifyResult } from '../../src/commands/verify.js';
import { pathIn } from '../support/folder-store.js';
import { runningApp } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

interface Checked {
  readonly checks: readonly { check: string; ok: boolean; findings: string[]; detail: string; remedy: string | null }[];
}

void t.test('a proof that is missing, cut or changed is 404, and verify and doctor name it', async (t) => {
  const shop = await runningApp(t);
  const { runtime, http } = shop;
  await shop.registerUser();
  // Longer than what is on its way before a fault in its last piece would show.
  const { user_id, id_proof } = await shop.registerUser({ pdf: tinyPdf(300_000) });
  const path = pathIn(join(shop.dataDir, 'documents'), id_proof?.document_id ?? '');
  const whole = readFileSync(path);
  const changed = Buffer.from(whole);
  changed[whole.length - 100] = (changed[whole.length - 100] as number) ^ 1;
  const aside = `${path}.aside`;
  const faults: readonly (readonly [what: string, make: () => void, mend: () => void])[] = [
    ['missing', () => renameSync(path, aside), () => renameSync(aside, path)],
    ['empty', () => writeFileSync(path, ''), () => writeFileSync(path, whole)],
    ['cut at the end', () => writeFileSync(path, whole.subarray(0, -1)), () => writeFileSync(path, whole)],
    ['cut in the middle', () => writeFileSync(path, whole.subarray(0, 100_000)), () => writeFileSync(path, whole)],
    ['changed at the end', () => writeFileSync(path, changed), () => writeFileSync(path, whole)],
    [
      'a folder in its place',
      () => (rmSync(path), mkdirSync(path)),
      () => (rmdirSync(path), writeFileSync(path, whole, { mode: 0o600 })),
    ],
  ];
  const verify = async () => {
    const command = { models: ['users'], progress: noProgress, signal: new AbortController().signal };
    const { document, exitCode } = await verifyResult(
      { ...runtime, documents: () => runtime.gate.store.list() },
      command,
    );
    const check = (document as Checked).checks.find((one) => one.check === 'documents');
    return { exitCode, findings: check?.findings ?? ['there is no such check'] };
  };
  const examine = async () => {
    const open = () => Promise.resolve({ ...runtime, close: () => Promise.resolve() });
    const { document } = await doctor(() => runtime.config, open);
    return (document as Checked).checks.find((one) => one.check === 'documents');
  };
  for (const [what, make, mend] of faults) {
    make();
    const answer = await http.get(`/v1/users/${user_id}/id-proof`);
    t.equal(answer.status, 404, what);
    t.match(answer.body, { code: 'id-proof-not-found', detail: /missing or damaged/ });
    const findings: string[] = [];
    for await (const one of runtime.unreadableProofs(new AbortController().signal)) findings.push(one);
    t.equal(findings.length, 1, 'and no other document is named');
    t.match(findings[0], new RegExp(`^the proof of user ${user_id}: document ${id_proof?.document_id}: `));
    mend();
    t.same((await http.ok('GET', `/v1/users/${user_id}/id-proof`)).bytes, tinyPdf(300_000));
  }
  t.same(await verify(), { exitCode: 0, findings: [] });
  t.match(await examine(), { ok: true, detail: 'all open', remedy: null });
  rmSync(path);
  const found = await verify();
  t.equal(found.exitCode, 1);
  t.match(found.findings, [new RegExp(`user ${user_id}: document ${id_proof?.document_id}: there is no document`)]);
  t.match(await examine(), { ok: false, detail: new RegExp(user_id), remedy: /backup/ });
});
