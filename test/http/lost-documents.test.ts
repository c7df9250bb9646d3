/** Documents that are not on the disk as they were stored. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { doctor } from '../../src/commands/doctor.js';
import { noProgress } from '../../src/commands/progress.js';
import { verifyResult } from '../../src/commands/verify.js';
import type { UserAnswer } from '../../src/user/answer.js';
import { pathIn } from '../support/folder-store.js';
import { proofForm, runningApp } from '../support/running-app.js';
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

void t.test('the same proof again replaces one that is lost, once, and changes nothing otherwise', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const pdf = tinyPdf(100_000);
  let before = await shop.registerUser({ pdf });
  const { user_id } = before;
  const folder = join(shop.dataDir, 'documents');
  const upload = async (key?: string) => {
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    const answer = await http.ok('PUT', `/v1/users/${user_id}/id-proof`, { form: proofForm(pdf), headers });
    return answer.data as UserAnswer;
  };
  t.same(await upload(), before, 'while it is there');
  const faults: readonly (readonly [what: string, lose: (path: string) => void])[] = [
    ['missing', (path) => rmSync(path)],
    [
      'changed',
      (path) =>
        writeFileSync(
          path,
          readFileSync(path).map((byte, at) => (at === 60_000 ? byte ^ 1 : byte)),
        ),
    ],
  ];
  for (const [what, lose] of faults) {
    lose(pathIn(folder, before.id_proof?.document_id ?? ''));
    t.equal((await http.get(`/v1/users/${user_id}/id-proof`)).status, 404, what);
    const key = `mend-${before.revision}`;
    const mended = await upload(key);
    t.equal(mended.revision, before.revision + 1, what);
    t.not(mended.id_proof?.document_id, before.id_proof?.document_id);
    t.ok(pdf.equals((await http.ok('GET', `/v1/users/${user_id}/id-proof`)).bytes), 'it can be read');
    t.same(await upload(key), mended, 'the same request again');
    t.same(await upload(), mended, 'the same proof again');
    before = mended;
  }
  const findings: string[] = [];
  for await (const one of shop.runtime.unreadableProofs(new AbortController().signal)) findings.push(one);
  t.same(findings, []);
  const stored = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  t.equal(stored.length, 2, 'the proof, and the one that was changed: all other uploads are gone');
});
