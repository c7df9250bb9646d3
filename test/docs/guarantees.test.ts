import t from 'tap';
import { checkNamedTests, itemsOf } from './named-tests.js';

t.test('each promise names a test that there is', async (t) => {
  const all = itemsOf('docs/guarantees.md');
  const promises = all.slice(0, all.findIndex((line) => line.includes('## Not promised')) + 1);
  t.ok(promises.length > 20);
  checkNamedTests(t, promises);
});

t.test('each of the ten risks of an API names a test that there is', async (t) => {
  const items = itemsOf('docs/security.md');
  t.equal(items.filter((item) => item.startsWith('- **API')).length, 10);
  checkNamedTests(t, items);
});
