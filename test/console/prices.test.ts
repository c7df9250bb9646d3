import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { runningApp } from '../support/running-app.js';
import { event, METADATA } from '../support/unreadable.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

t.test('the curve of prices ends at the price of today, however often it has changed', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { cat_id } = await shop.addCategory();
  const { product_id, revision } = await shop.addProduct([cat_id], { price: 1_000, currency: 'USD' });
  const { store, engine } = shop.runtime;
  const at = new Date().toISOString();
  const changes = Array.from({ length: 250 }, (_, change) => [
    event('ProductPriced', { product_id, price: 1_001 + change, priced_at: at }, METADATA),
    event('ProductRenamed', { product_id, name: `Name ${change}`, renamed_at: at }, METADATA),
  ]).flat();
  await store.append(`product-${product_id}`, changes, revision);
  await engine.catchUp(await store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/catalog?product=${product_id}`, { locale: 'en-US' });
  await page.getByText('All 251 prices.').waitFor(PATIENCE);
  const curve = page.getByRole('img', { name: /Price over time/ });
  t.match((await curve.getAttribute('aria-label'))?.replace(/\s/g, ' '), /from USD 10\.00 to USD 12\.50 today/);
  t.same(faults, []);
});
