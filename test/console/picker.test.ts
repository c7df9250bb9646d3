import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
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
  await page.waitForFunction('document.activeElement.value === "Garden"', undefined, PATIENCE);
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
  await page.waitForFunction('document.activeElement.value === "Küche › Tools"', undefined, PATIENCE);
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
  await page.waitForFunction('document.activeElement.value === "Garden"', undefined, PATIENCE);
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
  await page.waitForFunction('document.querySelector(".picker input").value === "Garden › Tools"', undefined, PATIENCE);
  await field.fill(String(garden.cat_id));
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(new RegExp(`cat_id=${garden.cat_id}`), PATIENCE);
  await page.getByText('Lamp').waitFor(PATIENCE);
  t.same(faults, []);
});
