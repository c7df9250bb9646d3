import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { temporaryFolder } from '../support/orderlog.js';
import { demo, runningApp } from '../support/running-app.js';
import { backUp, MASTER_KEY } from './installations.js';

/** What standard tools make of it: names of files, and their content unpacked. */
function unpacked(file: string, folder: string): Map<string, Buffer> {
  execFileSync('tar', ['-xf', file], { cwd: folder });
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    all.map(({ parentPath, name }) => {
      const content = readFileSync(join(parentPath, name));
      return [join(parentPath, name).slice(folder.length + 1), name.endsWith('.gz') ? gunzipSync(content) : content];
    }),
  );
}

t.test('the file holds neither the master key nor anything personal', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { user_id } = await shop.registerUser({ name: 'Marker Name', email: 'marker@shop.test' });
  const order = await shop.placeOrder(user_id, [1]);
  await shop.http.ok('POST', `/v1/orders/${order.order_id}/cancel`, { json: { reason: 'Marker Reason' } });
  const file = join(temporaryFolder(t), 'backup.tar');
  await backUp(shop, file);

  const found = unpacked(file, temporaryFolder(t));
  const digest = createHash('sha256')
    .update(found.get('manifest.json') ?? '')
    .digest('hex');
  t.equal(found.get('manifest.json.sha256')?.toString(), `${digest}  manifest.json\n`, 'as sha256sum --check reads it');
  const log = found.get('tables/events/000001.copy.gz')?.toString('utf8') ?? '';
  t.match(log, order.order_id, 'the log is in it');
  const keys = ['base64', 'hex', 'latin1'] as const;
  const secrets = [...keys.map((form) => MASTER_KEY.toString(form)), 'Marker', 'marker@', '%PDF-'];
  for (const [name, content] of found) {
    for (const secret of secrets) t.notOk(content.includes(secret, 0, 'latin1'), `${name}: ${secret.slice(0, 7)}`);
  }
});
