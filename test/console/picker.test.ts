import type { Locator } from 'playwright-core';
import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };
const TELEPHONE = { viewport: { width: 390, height: 844 } };

t.test('a new parent is found by its name and chosen by keyboard alone, on a telephone', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const garden = await shop.addCategory({ name: 'Garden' });
  const tools = await shop.addCategory({ name: 'Tools', parent_cat_id: garden.cat_id });
  const kitchen = await shop.addCategory({ name: 'Küche' });
  const spoons = await shop.addCategory({ name: 'Tools', parent_cat_id: kitchen.cat_id });
  const { engine, store } = shop.runtime;
  await engine.catchUp(await store.head(), 30_000);
  const parentOf = async (): Promise<unknown> => {
    await engine.catchUp(await store.head(), 30_000);
    return ((await shop.http.ok('GET', `/v1/categories/${tools.cat_id}`)).data as { parent_cat_id: unknown })
      .parent_cat_id;
  };
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/catalog?category=${tools.cat_id}`, TELEPHONE);
  await page.getByRole('button', { name: 'Move', exact: true }).click(PATIENCE);
  const dialog = page.getByRole('dialog');
  const field = dialog.getByRole('combobox', { name: 'New parent' });
  const options = dialog.getByRole('option');
  await field.and(page.locator(':focus')).waitFor(PATIENCE);
  await until(() => page.evaluate<boolean>('document.activeElement.value === "Garden"'));
  // What was chosen before is marked, so typing takes its place.
  await page.keyboard.type('tools');
  await options.first().waitFor(PATIENCE);
  t.same(await options.allInnerTexts(), [`Küche › Tools\n${spoons.cat_id}`], 'not itself, which is called so too');
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
  const { x, y, width, height } = (await options.first().boundingBox()) ?? { x: -1, y: -1, width: 0, height: 0 };
  t.ok(x >= 0 && x + width <= 390 && y >= 0 && y + height <= 844, 'what is found is in sight');
  await page.keyboard.press('Escape');
  await options.first().waitFor({ state: 'detached', ...PATIENCE });
  t.equal(await dialog.count(), 1, 'the list is closed, and not the question');
  await field.fill('nowhere');
  await page.keyboard.press('Tab');
  await dialog.getByRole('button', { name: 'Move', exact: true }).click();
  t.match(await field.evaluate('document.activeElement.validationMessage'), /Choose a category from the list/);
  await field.fill('KUCHE');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  t.equal(await field.inputValue(), 'Küche › Tools');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached', ...PATIENCE });
  t.equal(await parentOf(), spoons.cat_id);
  await page.reload();

  await page.getByRole('button', { name: 'Move', exact: true }).click(PATIENCE);
  await until(() => page.evaluate<boolean>('document.activeElement.value === "Küche › Tools"'));
  await page.keyboard.type(String(garden.cat_id));
  await options.first().waitFor(PATIENCE);
  t.same(await options.allInnerTexts(), [`Garden\n${garden.cat_id}`], 'an id says which category it is');
  await page.keyboard.press('Tab');
  t.equal(await field.inputValue(), 'Garden');
  await dialog.getByRole('button', { name: 'Move', exact: true }).click();
  await dialog.waitFor({ state: 'detached', ...PATIENCE });
  t.equal(await parentOf(), garden.cat_id);
  await page.reload();

  await page.getByRole('button', { name: 'Move', exact: true }).click(PATIENCE);
  await until(() => page.evaluate<boolean>('document.activeElement.value === "Garden"'));
  await page.keyboard.press('Delete');
  await dialog.getByRole('button', { name: 'Move', exact: true }).click();
  await dialog.waitFor({ state: 'detached', ...PATIENCE });
  t.equal(await parentOf(), null, 'a root');
  t.same(faults, []);
});

t.test('stock is filtered by a category that is found by its path', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const garden = await shop.addCategory({ name: 'Garden' });
  const tools = await shop.addCategory({ name: 'Tools', parent_cat_id: garden.cat_id });
  for (const [name, { cat_id }] of [['Lamp', garden] as const, ['Rake', tools] as const]) {
    const { product_id } = await shop.addProduct([cat_id], { name });
    await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 20 } });
  }
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/stock`);
  await page.getByText('Lamp').waitFor(PATIENCE);
  const field = page.getByRole('combobox', { name: /^Category/ });
  await field.fill('garden tools');
  await page.getByRole('option', { name: 'Garden › Tools' }).click(PATIENCE);
  t.equal(await field.inputValue(), 'Garden › Tools');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(new RegExp(`cat_id=${tools.cat_id}`), PATIENCE);
  await page.getByText('Lamp').waitFor({ state: 'detached', ...PATIENCE });
  await page.getByText('Rake').waitFor(PATIENCE);
  await page.reload();
  await page.getByText('Rake').waitFor(PATIENCE);
  await until(() => page.evaluate<boolean>('document.querySelector(".picker input")?.value === "Garden › Tools"'));
  await field.fill(String(garden.cat_id));
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(new RegExp(`cat_id=${garden.cat_id}`), PATIENCE);
  await page.getByText('Lamp').waitFor(PATIENCE);
  t.same(faults, []);
});

t.test('orders are filtered by user, product and category without knowing an id', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const ada = await shop.registerUser({ name: 'Ada', email: 'ada@example.com' });
  const bob = await shop.registerUser({ name: 'Bob', email: 'bob@example.com' });
  const garden = await shop.addCategory({ name: 'Garden' });
  const tools = await shop.addCategory({ name: 'Tools', parent_cat_id: garden.cat_id });
  const lamp = await shop.addProduct([garden.cat_id], { name: 'Lamp' });
  const rake = await shop.addProduct([tools.cat_id], { name: 'Rake' });
  await shop.placeOrder(ada.user_id, [lamp.product_id]);
  await shop.placeOrder(bob.user_id, [rake.product_id]);
  await shop.http.ok('POST', `/v1/products/${rake.product_id}/retire`);
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/orders`);
  const rows = page.locator('tbody tr');
  const address = (): string => new URL(page.url()).search;
  const isShown = async (name: string): Promise<void> => {
    const other = name === 'Lamp' ? 'Rake' : 'Lamp';
    await rows.getByText(other).waitFor({ state: 'detached', ...PATIENCE });
    await rows.getByText(name).waitFor(PATIENCE);
  };
  await rows.getByText('Rake').waitFor(PATIENCE);
  await page.getByText('More filters').click();
  const [user, product, category] = [/^User/, /^Product/, /^Category/].map((name) =>
    page.getByRole('combobox', { name }),
  ) as [Locator, Locator, Locator];

  await user.fill('ada@example.com');
  await page.getByRole('option', { name: 'Ada · ada@example.com' }).waitFor(PATIENCE);
  await user.press('Enter');
  await isShown('Lamp');
  t.equal(address(), `?user_id=${ada.user_id}`);
  t.equal(await user.inputValue(), 'Ada · ada@example.com');
  await user.fill(bob.user_id);
  await user.press('Tab');
  await isShown('Rake');
  await until(async () => (await user.inputValue()) === 'Bob · bob@example.com', PATIENCE.timeout);
  await user.fill('nobody@example.com');
  await page.getByText('No user has this.').waitFor(PATIENCE);
  await user.press('Tab');
  await page.getByText('Type the e-mail address in full and choose the user').waitFor(PATIENCE);
  t.equal(address(), `?user_id=${bob.user_id}`, 'what can not be meant changes nothing');
  await user.fill('');
  await user.press('Enter');
  await rows.getByText('Lamp').waitFor(PATIENCE);
  t.equal(address(), '');

  await product.fill('rak');
  await page.getByRole('option', { name: /^Rake · .* · retired/ }).click(PATIENCE);
  await isShown('Rake');
  t.equal(address(), `?product_id=${rake.product_id}`);
  await product.fill(String(lamp.product_id));
  await product.press('Tab');
  await isShown('Lamp');
  await page.reload();
  await until(async () => (await product.inputValue()).startsWith('Lamp · '), PATIENCE.timeout);
  await product.fill('');
  await product.press('Tab');
  await rows.getByText('Rake').waitFor(PATIENCE);

  await category.fill('garden tools');
  await page.getByRole('option', { name: 'Garden › Tools' }).click(PATIENCE);
  await isShown('Rake');
  t.equal(address(), `?cat_id=${tools.cat_id}`);
  t.same(faults, []);
});

t.test('the categories of a product are chosen by path; ids can be typed as well', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const garden = await shop.addCategory({ name: 'Garden' });
  const tools = await shop.addCategory({ name: 'Tools', parent_cat_id: garden.cat_id });
  const gifts = await shop.addCategory({ name: 'Gifts' });
  const sale = await shop.addCategory({ name: 'Sale' });
  const { engine, store } = shop.runtime;
  await engine.catchUp(await store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/catalog?category=${garden.cat_id}`, TELEPHONE);
  await page.getByRole('button', { name: 'Add a product' }).click(PATIENCE);
  const dialog = page.getByRole('dialog');
  const field = dialog.getByRole('combobox', { name: /^Categories/ });
  const chosen = dialog.getByRole('list', { name: 'Chosen categories' }).locator('li span');
  const add = dialog.getByRole('button', { name: 'Add', exact: true });
  const save = dialog.getByRole('button', { name: 'Save', exact: true });
  await dialog.getByLabel('Name', { exact: true }).fill('Rake');
  await dialog.getByLabel('SKU').fill('RAKE-1');
  await dialog.getByLabel('Price').fill('19.90');
  await chosen.getByText('Garden').waitFor(PATIENCE);
  await field.fill('tools');
  await field.press('Enter');
  await chosen.getByText('Garden › Tools').waitFor(PATIENCE);
  t.same(await chosen.allInnerTexts(), ['Garden', 'Garden › Tools']);
  t.equal(await dialog.count(), 1, 'Enter chooses, and does not send the form');
  await dialog.getByRole('button', { name: 'Remove Garden', exact: true }).click();
  await field.fill(`${gifts.cat_id}, ${sale.cat_id}`);
  await field.press('Tab');
  await chosen.getByText('Sale').waitFor(PATIENCE);
  t.same(await chosen.allInnerTexts(), ['Garden › Tools', 'Gifts', 'Sale']);
  await add.click();
  await dialog.waitFor({ state: 'detached', ...PATIENCE });
  await engine.catchUp(await store.head(), 30_000);
  const products = async () =>
    (await shop.http.ok('GET', '/v1/products')).data as readonly { product_id: number; cat_ids: readonly number[] }[];
  const [rake] = await products();
  t.same(rake?.cat_ids, [tools.cat_id, gifts.cat_id, sale.cat_id]);

  await page.goto(`${shop.http.url}/console/catalog?product=${rake?.product_id}`);
  await page.getByRole('button', { name: 'Change', exact: true }).click(PATIENCE);
  await chosen.getByText('Gifts').waitFor(PATIENCE);
  for (const name of ['Garden › Tools', 'Gifts', 'Sale'])
    await dialog.getByRole('button', { name: `Remove ${name}`, exact: true }).click();
  await save.click();
  t.match(await field.evaluate('document.activeElement.validationMessage'), /Choose a category from the list/);
  await field.fill(String(garden.cat_id));
  await field.press('Tab');
  await save.click();
  await dialog.waitFor({ state: 'detached', ...PATIENCE });
  await engine.catchUp(await store.head(), 30_000);
  t.same((await products())[0]?.cat_ids, [garden.cat_id]);
  t.same(faults, []);
});
