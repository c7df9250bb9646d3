import t from 'tap';
import { audit } from '../../src/commands/audit.js';
import { proofForm, runningApp } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

void t.test("the history of a user shows what is personal, and not the document's key", async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const user = await shop.registerUser({ name: 'Ada', email: 'ada@shop.test' });
  await http.ok('PUT', `/v1/users/${user.user_id}/id-proof`, { form: proofForm(tinyPdf(1)) });
  const fields = ['document_id', 'bytes', 'uploaded_at', 'sha256'];

  const events = (await http.ok('GET', `/v1/users/${user.user_id}/events`)).data as { data: { id_proof: object } }[];
  t.match(events, [
    { type: 'UserRegistered', data: { name: 'Ada', email: 'ada@shop.test', id_proof: user.id_proof } },
    { type: 'IdProofReplaced' },
  ]);
  for (const { data } of events) t.same(Object.keys(data.id_proof), fields);

  for await (const { data } of audit(shop.runtime.handler, 'user', user.user_id))
    t.same(Object.keys(data['id_proof'] as object), fields);
  const proof = await http.ok('GET', `/v1/users/${user.user_id}/id-proof`);
  t.ok(proof.bytes.equals(tinyPdf(1)), 'and the document opens all the same');
});
