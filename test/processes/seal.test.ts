import { createPublicKey, verify } from 'node:crypto';
import t from 'tap';
import { noProgress } from '../../src/commands/progress.js';
import { sealResult } from '../../src/commands/seal.js';
import { statusResult } from '../../src/commands/status.js';
import { verifyResult } from '../../src/commands/verify.js';
import { orderlog, settingsFor } from '../support/orderlog.js';
import { demo, runningApp } from '../support/running-app.js';

interface Answer {
  readonly ok: boolean;
  readonly checks: readonly { readonly check: string; readonly ok: boolean; readonly findings: readonly string[] }[];
}

const shop = await runningApp(t, { seed: demo });
const { pool } = shop.runtime;
const settings = settingsFor(shop.database, shop.dataDir);
const user = await shop.registerUser();
const order = await shop.placeOrder(user.user_id, [1, 2]);
await shop.http.ok('POST', `/v1/orders/${order.order_id}/mark-paid`, { json: { reference: 'INV 1' } });
const run = (...args: string[]): ReturnType<typeof orderlog> => orderlog(settings, ...args);
const line = (await run('seal')).stdout.trim();

/** As `orderlog verify` in this process: it takes less time. */
async function seals(seal?: string): Promise<{ code: number; findings: readonly string[] }> {
  const deps = { ...shop.runtime, documents: () => shop.runtime.gate.store.list() };
  const command = { models: ['users'], signal: new AbortController().signal, progress: noProgress };
  const { document, exitCode: code } = await verifyResult(deps, { ...command, ...(seal !== undefined && { seal }) });
  const { checks } = document as Answer;
  return { code, findings: checks.find(({ check }) => check === 'seals')?.findings ?? ['no such check'] };
}

/** With the rights of the owner of the database, then undone. */
async function altering(sql: string, look: () => Promise<void>): Promise<void> {
  await pool.query(`
    alter table orderlog.events disable trigger append_only;
    create table public.saved as select * from orderlog.events`);
  await pool.query(sql);
  await look();
  await pool.query(`
    truncate orderlog.events; insert into orderlog.events select * from public.saved; drop table public.saved;
    alter table orderlog.events enable always trigger append_only`);
}

t.test('the line can be checked without Orderlog, and the key is printed', async (t) => {
  const [statement = '', signature = ''] = line.split(' sig=');
  const { stdout } = await run('seal', '--public-key', '--json');
  const { public_key: x } = JSON.parse(stdout) as { public_key: string };
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  t.ok(verify(null, Buffer.from(statement), key, Buffer.from(signature, 'base64url')));
  t.ok(statement.includes(`key=${x}`));
  const again = await run('seal', '--json');
  t.match(JSON.parse(again.stdout), { seal: line, number: 1, public_key: x, position: String, events: Number });
});

t.test('verify, seal --check and audit find nothing where nothing was altered', async (t) => {
  t.same(await seals(), { code: 0, findings: [] });
  t.same(await seals(line), { code: 0, findings: [] });
  t.match(await run('verify', 'users', '--seal', line), { code: 0, stdout: /ok {9}seals\n/ });
  t.match(await run('seal', '--check', line), {
    code: 0,
    stdout: /the log fits the seal: \d+ events are sealed, 0 are not yet/,
  });
  const audit = await run('audit', 'order', order.order_id);
  t.match(audit, { code: 0, stdout: /2 of 2 events sealed and unchanged\n$/ });
});

t.test('status says how much is sealed', async (t) => {
  const { text, document } = await statusResult(shop.runtime);
  t.match(text, /\n\d+ events sealed at 20\S+Z, 0 not yet\n/);
  t.same(Object.keys(document as object), ['store', 'models', 'reactors'], 'in its document nothing is new');
});

t.test('an altered event is named by verify, by seal --check and by audit', async (t) => {
  const stream = `order-${order.order_id}`;
  const sql = `update orderlog.events set metadata = replace(metadata::text, 'anonymous', 'anonymouse')::json
               where stream = '${stream}' and revision = 1`;
  await altering(sql, async () => {
    const { code, findings } = await seals();
    t.equal(code, 1);
    t.match(
      findings[0],
      new RegExp(`^${stream}@1 \\(position \\S+, event \\d+\\) does not fit seal 1 \\(events 1 to `),
    );
    t.match(await run('seal', '--check', line), { code: 1, stdout: new RegExp(`^FINDING {2}${stream}@1`) });
    const audit = await run('audit', 'order', order.order_id, '--json');
    t.match(audit, { code: 1, stderr: new RegExp(`not as they were sealed: ${stream}@1. Run orderlog verify`) });
    t.match(JSON.parse(audit.stdout), { events: [{ seal: 'fits' }, { seal: 'does-not-fit' }] });
  });
  t.same(await seals(), { code: 0, findings: [] });
});

t.test('an altered event that nothing can project any more is named all the same', async (t) => {
  const sql = `update orderlog.events set data = '{}' where type = 'ProductAdded' and revision = 0 and position = (
                 select min(position) from orderlog.events where type = 'ProductAdded')`;
  await altering(sql, async () => {
    const { code, findings } = await seals();
    t.equal(code, 1);
    t.match(findings, [/^product-\d+@0 .* it was changed after it was sealed/]);
  });
});

t.test('events removed from the end are found with the line that was kept', async (t) => {
  await pool.query('create table public.saved_seals as select * from orderlog.seals');
  const sql = `delete from orderlog.events where position = (select max(position) from orderlog.events);
               delete from orderlog.seals`;
  await altering(sql, async () => {
    t.match(await seals(line), {
      code: 1,
      findings: [/^the seal that you gave, seal 1 .*removed from its end/],
    });
  });
  await pool.query('insert into orderlog.seals select * from public.saved_seals');
});

t.test('a later erasure of a user breaks no seal', async (t) => {
  await pool.query('update orderlog.user_keys set wrapped = null, destroyed_at = now() where user_id = $1', [
    user.user_id,
  ]);
  t.same(await seals(line), { code: 0, findings: [] });
  t.match(await run('audit', 'user', user.user_id), {
    code: 0,
    stdout: /name: null[^]*1 of 1 event sealed and unchanged/,
  });
});

t.test('what is no seal, or says nothing, is wrong use', async (t) => {
  t.match(await run('verify', '--seal', 'orderlog-seal-1'), { code: 2, stderr: /copy the whole line/ });
  const command = { publicKey: false, progress: noProgress, signal: new AbortController().signal };
  const wrong = (options: Partial<Parameters<typeof sealResult>[1]>, message: RegExp): Promise<unknown> =>
    t.rejects(sealResult(shop.runtime, { ...command, ...options }), { name: 'WrongUse', message });
  await wrong({ check: 'x' }, /begins with orderlog-seal-1/);
  await wrong({ setBack: ' ' }, /say why/);
  await wrong({ setBack: 'no reason' }, /nothing to set back/);
});
