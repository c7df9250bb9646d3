import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { prepareAnswer } from '../../../src/infra/http/prepared-answer.js';

void t.test('an answer is the same bytes however it is sent, and its tag is theirs', async (t) => {
  const json = '{"data":"Schränke"}';
  const answer = await prepareAnswer(json);
  t.equal(answer.identity.toString(), json);
  t.equal(gunzipSync(answer.gzip).toString(), json);
  t.match(answer.etag, /^"[\w-]{27}"$/);
  t.equal((await prepareAnswer(json)).etag, answer.etag);
  t.not((await prepareAnswer('{"data":"Schranke"}')).etag, answer.etag);
});
