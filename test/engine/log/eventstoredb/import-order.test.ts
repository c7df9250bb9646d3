import t from 'tap';
import { noProgress } from '../../../../src/commands/progress.js';
import { storeAt } from '../../../support/event-store/on-stand-in.js';
import { temporaryFolder, until } from '../../../support/orderlog.js';
import { runningApp } from '../../../support/running-app.js';
import { writeShop } from '../../../support/shop-folder.js';
import { standIn } from '../../../support/stand-in/stand-in.js';

void t.test(
  'imported users are listed in the order of their file, whatever order the log has',
  { timeout: 60_000 },
  async (t) => {
    const server = await standIn(t);
    const { runtime, http } = await runningApp(t, { store: storeAt(t, server.url).store });
    const dir = await writeShop(`${temporaryFolder(t)}/shop`, { products: 2, users: 12, orders: 0 });
    // The first rows land behind those after them.
    for (const [lateMs, times] of [
      [500, 2],
      [250, 3],
    ] as const) {
      server.faults.add('append', { lateMs }, { times, stream: (stream) => stream.startsWith('user-') });
    }
    await runtime.import(dir, { dryRun: false, onError: 'stop', progress: noProgress });
    const emails = async (): Promise<string[]> => {
      const { data } = await http.get('/v1/users?limit=100');
      return (data as { email: string }[]).map(({ email }) => email);
    };
    await until(async () => (await emails()).length === 12);
    const listed = await emails();
    t.equal(server.faults.happened.length, 5, 'the log has another order');
    const numbers = listed.map((email) => Number(/\d+/.exec(email)?.[0]));
    t.same(
      numbers,
      numbers.toSorted((a, b) => b - a),
      'the last row is the newest',
    );
  },
);
