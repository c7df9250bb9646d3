import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { prepareAnswer } from '../../src/http/prepared-answer.js';

void t.test('each form of an answer has the tag of its own bytes', async (t) => {
  const json = '{"data":"Schränke"}';
  const { identity, gzip } = await prepareAnswer(json);
  t.equal(identity.bytes.toString(), json);
  t.equal(gunzipSync(gzip.bytes).toString(), json);
  for (const { etag } of [identity, gzip]) t.match(etag, /^"[\w-]{27}"$/);
  t.not(identity.etag, gzip.etag);
  const again = await prepareAnswer(json);
  t.same([again.identity.etag, again.gzip.etag], [identity.etag, gzip.etag]);
  const other = await prepareAnswer('{"data":"Schranke"}');
  t.not(other.identity.etag, identity.etag);
  t.not(other.gzip.etag, gzip.etag);
});
