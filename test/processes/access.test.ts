/** Access control as an operator meets it: the first key by the command, and a key that is revoked. */
import t from 'tap';
import { testDatabase } from '../support/database.js';
import { Client, outcome } from '../support/http-client.js';
import { orderlog, serving, settingsFor, temporaryFolder, until } from '../support/orderlog.js';

t.test('the first key is made beside a running server, works at once, and ends when it is revoked', async (t) => {
  const database = await testDatabase(t);
  const given = settingsFor(database, temporaryFolder(t));
  // With a server, access control is the default.
  const settings = { ...given, AUTH: '', LOG_LEVEL: 'info', LOG_FORMAT: 'json' };
  const doctor = await orderlog(settings, 'doctor', '--json');
  const access = (text: string): unknown =>
    (JSON.parse(text) as { checks: { check: string }[] }).checks.find(({ check }) => check === 'access');
  t.match(access(doctor.stdout), { ok: false, remedy: /orderlog keys create --role admin/ });

  const server = await serving(t, { ...settings, HOST: '0.0.0.0' });
  t.match(server.output(), /access +no admin key yet: create one with orderlog keys create --role admin/);
  const url = server.url.replace('0.0.0.0', '127.0.0.1');
  t.equal(outcome(await new Client(url).get('/v1/categories')), '401 unauthenticated');
  t.equal(outcome(await new Client(url).get('/health/live')), '200');

  const { stdout, code } = await orderlog(settings, 'keys', 'create', '--role', 'admin', '--json');
  t.equal(code, 0);
  const { key, key_id } = JSON.parse(stdout) as { key: string; key_id: string };
  const admin = new Client(url, key);
  t.equal(outcome(await admin.get('/v1/categories')), '200');
  t.equal(outcome(await admin.get('/metrics')), '200');
  await admin.ok('POST', '/v1/categories', { json: { name: 'Games' } });
  const listed = await orderlog(settings, 'keys', 'list', '--json');
  t.match(JSON.parse(listed.stdout), { keys: [{ key_id, role: 'admin', user_id: null, revoked_at: null }] });
  t.match(access((await orderlog(settings, 'doctor', '--json')).stdout), { ok: true });

  t.equal((await orderlog(settings, 'keys', 'revoke', key_id)).code, 0);
  const revoked = performance.now();
  await until(async () => outcome(await admin.get('/v1/categories')) === '401 unauthenticated');
  t.ok(performance.now() - revoked < 5_000);
  t.match(server.output(), new RegExp(`"key_id":"${key_id}".*"route":"/v1/categories".*"privileged call"`));
  t.notMatch(server.output(), key.slice(-43), 'a key never appears in the log');
});

t.test('wrong use of keys is 2', async (t) => {
  const settings = settingsFor(await testDatabase(t), temporaryFolder(t));
  for (const args of [
    ['create'],
    ['create', '--role', 'root'],
    ['create', '--role', 'customer'],
    ['revoke', 'none'],
    ['revoke'],
  ]) {
    const { code, stdout } = await orderlog(settings, 'keys', ...args, '--json');
    t.equal(code, 2, args.join(' '));
    t.match(JSON.parse(stdout), { error: { message: /./ } });
  }
});
