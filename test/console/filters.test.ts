import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

const PATIENCE = { timeout: 60_000 };

t.test('totals are typed as the screen shows them, and stay exact in the address', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const place = async (price: number, currency: string): Promise<string> => {
    const { product_id } = await shop.addProduct([cat_id], { price, currency });
    return (await shop.placeOrder(user_id, [product_id])).number ?? '';
  };
  const yen = await place(1_990, 'JPY');
  const [below, above] = [await place(172_479, 'EUR'), await place(172_480, 'EUR')];
  const { store, engine } = shop.runtime;
  await engine.catchUp(await store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/orders`, { locale: 'en-US' });
  const shown = page.locator('tbody td:first-child a');
  const address = (): Record<string, string> => Object.fromEntries(new URL(page.url()).searchParams);
  await page.getByText('More filters').click();
  const from = page.getByLabel('Total from, EUR');
  await from.fill('EUR 1,724.80');
  await from.press('Enter');
  await page.waitForURL(/total_min/, PATIENCE);
  t.same(address(), { total_min: '172480', currency: 'EUR' });
  // While the list is read again, there is none.
  await page.getByText(below).waitFor({ state: 'detached', ...PATIENCE });
  await shown.getByText(above).waitFor(PATIENCE);
  t.same(await shown.allInnerTexts(), [above]);
  await page.reload();
  await shown.getByText(above).waitFor(PATIENCE);
  t.equal(await from.inputValue(), '1724.80');

  await from.fill('17.999');
  await from.press('Enter');
  t.match(await from.evaluate('document.activeElement.validationMessage'), /at most 2 decimal places/);
  t.same(address(), { total_min: '172480', currency: 'EUR' }, 'what can not be meant changes nothing');
  await from.fill('1990');
  await from.press('Enter');
  await page.waitForURL(/total_min=199000/, PATIENCE);
  await page.getByLabel('Currency', { exact: true }).fill('jpy');
  await page.getByLabel('Currency', { exact: true }).press('Enter');
  await page.waitForURL(/currency=JPY/, PATIENCE);
  t.same(address(), { total_min: '1990', currency: 'JPY' }, 'the field stays, the minor unit changes');
  await shown.getByText(yen).waitFor(PATIENCE);
  t.equal(await page.getByLabel('Total from, JPY').inputValue(), '1990');
  t.same(faults, []);
});

t.test('the focus stays in a filter that is applied, and another address fills it again', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  for (const [path, name, value] of [
    ['log', 'types', 'OrderPaid'],
    ['stock', 'below', '7'],
    ['users', 'email', 'ada@example.com'],
  ] as const) {
    await page.goto(`${shop.http.url}/console/${path}`);
    const field = page.locator(`input[name=${name}]`);
    await field.fill(value);
    await field.press('Enter');
    await page.waitForURL(/\?/, PATIENCE);
    await page.locator('.card .empty').first().waitFor(PATIENCE);
    t.equal(await page.evaluate('document.activeElement.name'), name, `${path}: the focus`);
    t.equal(await field.inputValue(), value);
    await page
      .getByRole('link', { name: /^Show (the whole log|all)/ })
      .first()
      .click();
    await page.waitForURL((url) => url.search === '', PATIENCE);
    await until(async () => (await field.inputValue()) === '', PATIENCE.timeout);
  }
  t.same(faults, []);
});

t.test('stock takes no number that nothing can have', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id], { name: 'Lamp' });
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 20 } });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/stock`);
  const below = page.getByLabel('Available below');
  await page.getByText('Lamp').first().waitFor(PATIENCE);
  await below.fill('-5');
  await below.press('Enter');
  t.equal(await below.evaluate('document.activeElement.validity.patternMismatch'), true);
  t.equal(await below.getAttribute('title'), 'Give a whole number, 0 or more.', 'the browser says it');
  t.equal(new URL(page.url()).search, '');
  await below.fill('5');
  await below.press('Enter');
  await page.waitForURL(/available_below=5/, PATIENCE);
  await page.goto(`${shop.http.url}/console/stock`);
  for (const [kind, amount, says] of [
    ['Count', '-1', /0 or more/],
    ['Receive', '-1', /1 or more/],
    ['Receive', '0', /1 or more/],
    ['Adjust', '0', /other than 0/],
  ] as const) {
    await page.getByRole('button', { name: kind, exact: true }).first().click(PATIENCE);
    const field = page.getByRole('dialog').locator('[name=amount]');
    await field.fill(amount);
    await field.press('Enter');
    t.equal(await field.evaluate('document.activeElement.validity.patternMismatch'), true, `${kind} ${amount}`);
    t.match(await field.getAttribute('title'), says);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  }
  t.same(faults, []);
});
