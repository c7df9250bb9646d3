import { randomUUID } from 'node:crypto';
import t from 'tap';
import { noProgress } from '../../src/commands/progress.js';
import type { NewEvent } from '../../src/engine/core/message.js';
import { runningApp } from '../support/running-app.js';
import { folder, good } from './folder.js';

t.test('an import names the event of others that it can not read', async (t) => {
  const nothing = null as unknown as NewEvent['data'];
  for (const [what, data] of [
    ['no object', nothing],
    ['an owner that is no id', { user_id: 'somebody' }],
  ] as const) {
    const { runtime } = await runningApp(t, { projectors: false });
    const stream = `order-${randomUUID()}`;
    const event = { id: randomUUID(), type: 'OrderPlaced', data, metadata: nothing };
    await runtime.store.append(stream, [event], 'none');
    const importing = runtime.import(folder(t, good), { dryRun: true, onError: 'stop', progress: noProgress });
    const expected = { name: 'UnreadableEvent', message: new RegExp(`^event OrderPlaced at ${stream}@0: `) };
    await t.rejects(importing, expected, what);
  }
});
