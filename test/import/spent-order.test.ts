import t from 'tap';
import { noProgress } from '../../src/commands/progress.js';
import { deriveUuid, orderIdFor } from '../../src/crypto/derive.js';
import { testContext } from '../../src/engine/testing.js';
import { abandonOrder } from '../../src/order/abandon.js';
import { runningApp } from '../support/running-app.js';
import { folder, good, order } from './folder.js';

t.test('an order under a reference that its user gave up is a finding, and is not placed behind that', async (t) => {
  const { runtime } = await runningApp(t, { projectors: false });
  const orderId = orderIdFor(runtime.secrets.hashKey, deriveUuid(runtime.secrets.hashKey, 'import-user', 'u1'), 'X', 0);
  await abandonOrder(runtime.handler, orderId, testContext());
  const files = { ...good, 'orders.ndjson': order('o1', { external_reference: 'X' }) };
  const { findings } = await runtime.import(folder(t, files), {
    ...{ dryRun: false, onError: 'stop', progress: noProgress },
  });
  t.match([...findings], [{ file: 'orders.ndjson', line: 1, message: /gave up an order under the reference X/ }]);
  const types = [];
  for await (const { type } of runtime.store.read(`order-${orderId}`)) types.push(type);
  t.same(types, ['OrderAbandoned']);
});
