import t from 'tap';
import { testDatabase } from '../support/database.js';
import { orderlog, ready, serving, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { writeShop } from '../support/shop-folder.js';
import { demo as catalog } from '../support/running-app.js';

interface Told {
  readonly users: { readonly made: number; readonly known: number; readonly refused: number };
  readonly orders: {
    readonly made: number;
    readonly known: number;
    readonly refused: number;
    readonly placed: number;
    readonly paid: number;
    readonly cancelled: number;
  };
}

const SMALL = ['demo', '--users', '6', '--orders', '40', '--json'];

t.test('the demo makes up people and orders once for a seed, and they can be read', async (t) => {
  const database = await testDatabase(t);
  const settings = { ...settingsFor(database, temporaryFolder(t)), SEED: catalog };
  const without = await orderlog(settings, ...SMALL);
  t.equal(without.code, 2);
  t.match(without.stderr, /load a catalog first/);
  t.equal((await orderlog(settings, 'migrate')).code, 0);
  const first = JSON.parse((await orderlog(settings, ...SMALL)).stdout) as Told;
  t.match(first.users, { made: 6, known: 0, refused: 0 });
  t.match(first.orders, { made: 40, known: 0, refused: 0 });
  const { placed, paid, cancelled } = first.orders;
  t.equal(placed + paid + cancelled, 40);
  t.ok(placed > 0 && paid > 0 && cancelled > 0);

  const server = await serving(t, settings);
  await ready(server.url);
  const again = JSON.parse((await orderlog(settings, ...SMALL)).stdout) as Told;
  t.match(again, { users: { made: 0, known: 6 }, orders: { made: 0, known: 40, placed, paid, cancelled } });
  const other = JSON.parse((await orderlog(settings, ...SMALL, '--seed', '2')).stdout) as Told;
  t.match(other, { users: { made: 6 }, orders: { made: 40 } }, 'while serve runs as well');
  const users = (await (await fetch(`${server.url}/v1/users?limit=100`)).json()) as {
    data: { name: string; email: string; id_proof: { document_id: string } | null; user_id: string }[];
  };
  t.equal(users.data.length, 12);
  for (const { email, id_proof } of users.data) {
    t.match(email, /@example\.com$/);
    t.ok(id_proof);
  }
  const proof = await fetch(`${server.url}/v1/users/${users.data[0]?.user_id}/id-proof`);
  t.match(await proof.text(), /^%PDF-1\.4[^]*Specimen/);
  t.equal(await server.stop(), 0);
});

t.test('the demo leaves a log alone that holds the users of others, unless it is told to', async (t) => {
  const settings = settingsFor(await testDatabase(t), temporaryFolder(t));
  const shop = await writeShop(`${temporaryFolder(t)}/shop`, { products: 5, users: 2, orders: 3 });
  t.equal((await orderlog(settings, 'import', shop)).code, 0);
  const refused = await orderlog(settings, ...SMALL);
  t.equal(refused.code, 2);
  t.match(refused.stderr, /users that orderlog demo did not make/);
  const told = JSON.parse((await orderlog(settings, ...SMALL, '--yes')).stdout) as Told;
  t.match(told, { users: { made: 6 }, orders: { made: 40 } });
});
