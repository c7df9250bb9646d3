import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Batch } from '../../src/crypto/batch.js';

t.test('what is asked in one turn goes in one load, each key once', async (t) => {
  const loads: (readonly string[])[] = [];
  const batch = new Batch<string>(async (keys) => {
    loads.push([...keys]);
    await sleep(5);
    return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.toUpperCase()]));
  });
  const answers = Promise.all(['a', 'b', 'a', 'none'].map((key) => batch.get(key)));
  t.same(await answers, ['A', 'B', 'A', undefined]);
  t.same(loads, [['a', 'b', 'none']]);
});

t.test('what is under way is not loaded twice, what was answered is', async (t) => {
  let loads = 0;
  const batch = new Batch<number>(async (keys) => {
    const load = ++loads;
    await sleep(20);
    return new Map(keys.map((key) => [key, load]));
  });
  const first = batch.get('a');
  await sleep(10);
  t.equal(await batch.get('a'), 1);
  t.equal(await first, 1);
  t.equal(await batch.get('a'), 2);
});

t.test('a load that fails fails all that waited for it, and nothing after', async (t) => {
  let broken = true;
  const batch = new Batch<boolean>(async (keys) => {
    await sleep(1);
    if (broken) throw new Error('no connection');
    return new Map(keys.map((key) => [key, true]));
  });
  const asked = [batch.get('a'), batch.get('b')];
  for (const answer of asked) await t.rejects(answer, { message: 'no connection' });
  broken = false;
  t.equal(await batch.get('a'), true);
});
