import t from 'tap';
import { errors } from '../../src/engine/index.js';
import { MemoryVault } from '../../src/engine/testing.js';

const place = { stream: 'book-1', field: 'reader', eventId: 'event-1' };

t.test('a text opens in its place alone, for its owner alone', async (t) => {
  const vault = new MemoryVault();
  const sealed = await vault.seal('ann', place, 'Ann');
  await vault.createKeys(['ben']);
  t.notMatch(sealed, 'Ann');
  t.equal(await vault.open('ann', place, sealed), 'Ann');
  t.equal(
    await vault.open('ann', { stream: 'book-1', field: 'reader' }, sealed),
    'Ann',
    'a row does not know the event',
  );
  for (const elsewhere of [{ stream: 'book-2' }, { field: 'note' }, { eventId: 'event-2' }]) {
    await t.rejects(vault.open('ann', { ...place, ...elsewhere }, sealed), errors.Unopened);
  }
  await t.rejects(vault.open('ben', place, sealed), errors.Unopened);
  await t.rejects(vault.open('nobody', place, sealed), errors.Unopened);
});

t.test('a destroyed key stays destroyed', async (t) => {
  const vault = new MemoryVault();
  const sealed = await vault.seal('ann', place, 'Ann');
  vault.destroy('ann');
  await vault.createKeys(['ann']);
  t.equal(await vault.open('ann', place, sealed), null);
  await t.rejects(vault.seal('ann', place, 'Ann'), { code: 'key-destroyed' });
});
