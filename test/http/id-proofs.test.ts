/** Proofs of identity over HTTP: what is refused, what a download is, and a bucket that does not answer. */
import { availableParallelism } from 'node:os';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { sweepAlone } from '../../src/documents/sweep.js';
import { namedDocuments } from '../../src/user/named-documents.js';
import { bomb, packedPdf, pageWith } from '../support/pdf-builder.js';
import { proofForm, runningApp, userForm } from '../support/running-app.js';
import { s3StandIn } from '../support/s3-stand-in.js';
import { encryptedPdf, tinyPdf } from '../support/tiny-pdf.js';

void t.test(
  'a proof that is none is refused with the code of its fault, on both routes, and changes nothing',
  async (t) => {
    const { http, registerUser, freshEmail } = await runningApp(t).then((shop) => ({
      http: shop.http,
      registerUser: shop.registerUser.bind(shop),
      freshEmail: shop.freshEmail.bind(shop),
    }));
    const before = await registerUser();
    const refused: Readonly<Record<string, Buffer>> = {
      'id-proof-active-content': packedPdf(['<< /#53 /JavaScript /JS (a) >>'], '/OpenAction 10 0 R'),
      'id-proof-damaged': pageWith({ objects: [bomb(2_000, 2)] }),
      'id-proof-encrypted': encryptedPdf('secret'),
      'id-proof-not-pdf': Buffer.concat([pageWith(), Buffer.from('<html><script>alert(1)</script>')]),
    };
    for (const [code, pdf] of Object.entries(refused)) {
      const registered = await http.send('POST', '/v1/users', { form: userForm('Ada', freshEmail(), pdf) });
      t.match(registered, { status: 422, body: { code } }, code);
      const replaced = await http.send('PUT', `/v1/users/${before.user_id}/id-proof`, { form: proofForm(pdf) });
      t.match(replaced, { status: 422, body: { code } }, code);
    }
    const { data } = await http.ok('GET', `/v1/users/${before.user_id}`);
    t.same(data, before);
  },
);

void t.test('a proof is downloaded as it was sent, as a file that nothing opens by itself', async (t) => {
  const shop = await runningApp(t);
  const pdf = tinyPdf(200_000);
  const { user_id } = await shop.registerUser({ pdf });
  const answer = await shop.http.ok('GET', `/v1/users/${user_id}/id-proof`);
  t.ok(pdf.equals(Buffer.from(answer.bytes)));
  const { headers } = answer;
  t.equal(headers.get('content-type'), 'application/pdf');
  t.equal(headers.get('content-length'), String(pdf.length));
  t.equal(headers.get('content-disposition'), 'attachment; filename="id-proof.pdf"');
  t.equal(headers.get('cache-control'), 'no-store');
  t.equal(headers.get('x-content-type-options'), 'nosniff');
  t.equal(headers.get('content-security-policy'), 'sandbox');
});

void t.test(
  'a file over the limit is 413, even one of 100 MB, PDF or not, and its sender gets to read that',
  async (t) => {
    const shop = await runningApp(t);
    const boundary = 'b0undary';
    const part = (name: string, value: string): string =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const piece = randomBytes(1_000_000);
    async function* body(start: string, megabytes: number): AsyncGenerator<Buffer> {
      yield Buffer.from(`${part('name', 'Ada')}${part('email', shop.freshEmail())}`);
      yield Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="id_proof"; filename="a.pdf"\r\ncontent-type: application/pdf\r\n\r\n${start}`,
      );
      for (let n = 0; n < megabytes; n++) yield await Promise.resolve(piece);
      yield Buffer.from(`\r\n--${boundary}--\r\n`);
    }
    for (const sent of [body('%PDF-', 100), body('PK', 3)]) {
      const answer = await fetch(`${shop.http.url}/v1/users`, {
        method: 'POST',
        headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
        body: Readable.toWeb(Readable.from(sent)) as ReadableStream,
        duplex: 'half',
      });
      t.equal(answer.status, 413);
      t.match(await answer.json(), { code: 'payload-too-large' });
    }
  },
);

void t.test(
  'of uploads at once, one for each two cores is checked or recorded; the others wait and succeed',
  async (t) => {
    const shop = await runningApp(t, { projectors: false });
    const { gate, handler } = shop.runtime;
    let [now, most] = [0, 0];
    const counted = async <T>(work: Promise<T>): Promise<T> => {
      most = Math.max(most, ++now);
      return work.finally(() => (now -= 1));
    };
    gate.checker.check = () => counted(sleep(1, 'acceptable'));
    const execute = handler.execute.bind(handler) as (...args: unknown[]) => Promise<never>;
    handler.execute = (...args: unknown[]) => counted(execute(...args));
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        shop.http.send('POST', '/v1/users', { form: userForm('Ada', shop.freshEmail()) }),
      ),
    );
    t.same([...new Set(answers.map(({ status }) => status))], [201]);
    // On a machine that stalls, a turn may be over before its work is.
    t.ok(most <= Math.max(1, Math.floor(availableParallelism() / 2)) + 2, `${most} at once`);
  },
);

void t.test(
  'proofs in a bucket: uploads and downloads are 503 while it does not answer, and all else goes on',
  async (t) => {
    const s3 = await s3StandIn(t);
    const shop = await runningApp(t, { bucket: { name: s3.bucket, prefix: 'p/', pathStyle: true } });
    const pdf = tinyPdf(100_000);
    const user = await shop.registerUser({ pdf });
    t.same([...s3.objects.keys()], [`p/${user.id_proof?.document_id}`]);
    const path = `/v1/users/${user.user_id}/id-proof`;
    t.ok(pdf.equals(Buffer.from((await shop.http.ok('GET', path)).bytes)));
    s3.always = 503;
    for (const answer of [
      await shop.http.send('POST', '/v1/users', { form: userForm('Ada', shop.freshEmail()) }),
      await shop.http.send('PUT', path, { form: proofForm(tinyPdf(7)) }),
      await shop.http.get(path),
    ]) {
      t.match(answer, { status: 503, body: { code: 'overloaded', detail: /storage of documents/ } });
      t.ok(Number(answer.headers.get('retry-after')) > 0);
    }
    t.equal((await shop.http.get(`/v1/users/${user.user_id}`)).status, 200);
    s3.always = null;
    t.same((await shop.http.ok('GET', `/v1/users/${user.user_id}`)).data, user, 'no refused upload changed the user');
    await shop.http.ok('PUT', path, { form: proofForm(tinyPdf(7)) });
  },
);

void t.test(
  'a sweep keeps the proofs of users, replaced ones too, and removes all others; one process sweeps',
  async (t) => {
    const shop = await runningApp(t);
    const { store } = shop.runtime.gate;
    const user = await shop.registerUser();
    const { id_proof } = (
      await shop.http.ok('PUT', `/v1/users/${user.user_id}/id-proof`, { form: proofForm(tinyPdf(9)) })
    ).data as typeof user;
    const lost = await store.write(Readable.from([tinyPdf()]), { maxBytes: 100_000 });
    const sweeping = {
      store,
      before: new Date(Date.now() + 60_000),
      signal: new AbortController().signal,
      named: (ids: ReadonlySet<string>, signal: AbortSignal) => namedDocuments(shop.runtime.store, ids, signal),
    };
    const other = sweepAlone(shop.database.pool, {
      ...sweeping,
      named: async (ids) => {
        t.equal(await sweepAlone(shop.database.pool, sweeping), null, 'while another process sweeps');
        return ids;
      },
    });
    t.same(await other, { documents: 0, drafts: 0 });
    t.same(await sweepAlone(shop.database.pool, sweeping), { documents: 1, drafts: 0 });
    t.notOk(await store.has(lost.document_id));
    for (const proof of [user.id_proof, id_proof]) t.ok(await store.has(proof?.document_id ?? ''));
  },
);
