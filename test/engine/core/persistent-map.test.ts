import fc from 'fast-check';
import t from 'tap';
import { PersistentMap } from '../../../src/engine/core/persistent-map.js';

t.test('behaves like a Map, and every older version stays as it was', async (t) => {
  // Few enough to meet again, and some that part late.
  const number = fc.integer({ min: 0, max: 20 }).map((n) => (n % 2 === 0 ? n : 512 * n));
  const key = fc.oneof(number, fc.string({ maxLength: 2 }));
  const step = fc.record({ key, value: fc.integer(), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      let map = PersistentMap.empty<string | number, number>();
      const model = new Map<string | number, number>();
      const versions: [PersistentMap<string | number, number>, Map<string | number, number>][] = [];
      for (const { key, value, remove } of steps) {
        versions.push([map, new Map(model)]);
        map = remove ? map.delete(key) : map.set(key, value);
        if (remove) model.delete(key);
        else model.set(key, value);
      }
      versions.push([map, model]);
      return versions.every(
        ([version, then]) =>
          version.size === then.size &&
          [...then].every(([k, v]) => version.get(k) === v && version.has(k)) &&
          [...version.values()].sort((a, b) => a - b).join() === [...then.values()].sort((a, b) => a - b).join(),
      );
    }),
  );
  t.pass('100 histories');
});
