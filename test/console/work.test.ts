import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import t from 'tap';

import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { temporaryFolder } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';
import { required } from '../access/guarded.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

t.test(
  'an order that is placed stands in the log at once, and a paused log resumes without a gap',
  needsBrowser,
  async (t) => {
    const shop = await runningApp(t, { console: await builtConsole() });
    const { user_id } = await shop.registerUser();
    const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
    const open = await openBrowser(t);
    const { page, faults } = await open(`${shop.http.url}/console/log?types=OrderPlaced`);
    await page.getByText('Live', { exact: true }).waitFor(PATIENCE);
    const { order_id: first } = await shop.placeOrder(user_id, [product_id]);
    const added = page.locator('section', { hasText: 'Just appended' });
    await added.getByText(`order-${first}`).waitFor(PATIENCE);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused').waitFor(PATIENCE);
    const { order_id: second } = await shop.placeOrder(user_id, [product_id]);
    const { order_id: third } = await shop.placeOrder(user_id, [product_id]);
    t.equal(await added.getByText(/^order-/).count(), 1, 'nothing moves while it is paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await added.getByText(`order-${third}`).waitFor(PATIENCE);
    t.same(
      await added.getByText(/^order-/).allInnerTexts(),
      [third, second, first].map((id) => `order-${id}`),
    );
    t.same(faults, []);
  },
);

t.test('an order is found by its address, and marked as paid by keyboard alone', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser({ email: 'ada@shop.test' });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/orders`);
  await page.getByRole('heading', { name: 'Orders', level: 1 }).waitFor(PATIENCE);
  await page.keyboard.press('/');
  await page.keyboard.type('ada@shop.test');
  await page.getByRole('option', { name: 'ada@shop.test' }).waitFor(PATIENCE);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/console/users/${user_id}`, PATIENCE);
  await tabTo(page, `/console/orders/${order_id}`);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/console/orders/${order_id}`, PATIENCE);
  await page.getByRole('button', { name: 'Mark as paid' }).waitFor(PATIENCE);
  await tabTo(page, 'Mark as paid');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor(PATIENCE);
  await page.keyboard.type('bank 17');
  await page.keyboard.press('Enter');
  await page.locator('.timeline [data-tone=good]').waitFor(PATIENCE);
  const { data } = await shop.http.ok('GET', `/v1/orders/${order_id}`);
  t.match(data, { status: 'paid', history: [{}, { status: 'paid', reference: 'bank 17' }] });
  t.same(faults, []);
});

/** Presses Tab until what has the focus leads there, or has this text. */
async function tabTo(page: Page, target: string): Promise<void> {
  for (let pressed = 0; pressed < 200; pressed += 1) {
    await page.keyboard.press('Tab');
    const [href, text] = await page.evaluate<[string | null, string]>(
      '[document.activeElement.getAttribute("href"), document.activeElement.innerText]',
    );
    if (href === target || text === target) return;
  }
  throw new Error(`the keyboard does not reach ${target}`);
}

t.test('a command on a thing that somebody else has changed does nothing, and says so', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/orders/${order_id}`);
  await page.getByRole('button', { name: 'Cancel order' }).click(PATIENCE);
  await shop.http.ok('POST', `/v1/orders/${order_id}/mark-paid`);
  await page.getByRole('button', { name: 'Cancel the order' }).click(PATIENCE);
  await page.getByRole('alert').waitFor(PATIENCE);
  t.match((await shop.http.ok('GET', `/v1/orders/${order_id}`)).data, { status: 'paid' });
});

t.test('a command whose answer is lost takes effect once', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 2 } });
  await shop.http.ok('GET', '/v1/stock', { headers: { prefer: 'wait=30' } });
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/stock`);
  const keys: (string | undefined)[] = [];
  await page.route('**/stock/receive', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    await route.fetch();
    await route.abort('connectionreset');
  });
  await page.getByRole('button', { name: 'Receive' }).first().click(PATIENCE);
  await page.getByLabel('Quantity').fill('5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The stock is saved.').waitFor(PATIENCE);
  t.equal(keys.length, 2, 'it is sent again');
  t.equal(keys[0], keys[1], 'with the same key');
  t.match((await shop.http.ok('GET', `/v1/products/${product_id}/stock`)).data, { on_hand: 7 });
});

t.test('a server that is away is named, and read again when it is back', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/`);
  const away = page.getByText('Orderlog cannot be reached.');
  await page.getByText('placed orders').waitFor(PATIENCE);
  await page.route('**/v1/**', (route) => route.abort('connectionrefused'));
  // A list that is not watched is read again, too.
  await page.goto(`${shop.http.url}/console/orders`);
  await away.first().waitFor(PATIENCE);
  await page.unroute('**/v1/**');
  await page.getByText('There are no orders yet.').waitFor(PATIENCE);
  await away.first().waitFor({ state: 'detached', ...PATIENCE });
  await page.goto(`${shop.http.url}/console/`);
  await page.getByText('placed orders').waitFor(PATIENCE);
  await page.route('**/v1/**', (route) => route.abort('connectionrefused'));
  await away.first().waitFor(PATIENCE);
  await page.getByText('placed orders').waitFor(PATIENCE);
  await page.unroute('**/v1/**');
  await away.first().waitFor({ state: 'detached', ...PATIENCE });
});

/** The tree on the screen: names and totals, of the moment and not of today. */
async function treeOf(page: Page): Promise<readonly string[]> {
  await page.getByRole('heading', { name: 'Categories, then against now' }).waitFor(PATIENCE);
  await page.locator('.tree-row, .empty').first().waitFor(PATIENCE);
  const rows = await page.locator('.tree-row').allInnerTexts();
  return rows.map((row) => row.replace(/\s+/g, ' ').replace(/ → .*/, '').trim());
}

const HOUR_MS = 3_600_000;
const STEPS = 1_000;

t.test('the tree at the slider is the one that the API answers, at ten random positions', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const begun = Date.now();
  for (let at = 0; at < 12; at += 1) {
    const { cat_id } = await shop.addCategory({ name: `Shelf ${at}` });
    await shop.addProduct([cat_id]);
  }
  const ended = Date.now();
  const open = await openBrowser(t);
  for (let round = 0; round < 10; round += 1) {
    const { page, faults } = await open(`${shop.http.url}/console/`);
    // A step of the slider is seconds long: the page's clock is set so that the position falls on the moment.
    const position = Math.floor(Math.random() * STEPS);
    const moment = begun + Math.floor(Math.random() * (ended - begun));
    await page.clock.setFixedTime(moment + ((STEPS - position) / STEPS) * HOUR_MS);
    await page.goto(`${shop.http.url}/console/catalog`);
    await page.getByLabel('Slider covers').selectOption('the last hour', PATIENCE);
    await page.getByRole('slider').fill(String(position));
    await page.waitForURL(/as_of=/, PATIENCE);
    const asOf = new URL(page.url()).searchParams.get('as_of') ?? '';
    t.ok(Math.abs(Date.parse(asOf) - moment) <= 1, 'the slider names the moment');
    const { data } = await shop.http.ok('GET', `/v1/categories?as_of=${asOf}`);
    const wanted = data as readonly { name: string; total_products: number }[];
    t.same(
      await treeOf(page),
      wanted.map(({ name, total_products }) => `${name} ${total_products}`),
      asOf,
    );
    t.same(faults, []);
    await page.context().close();
  }
});

t.test('the slider is moved by keyboard and by mouse, and leads back to now', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  await shop.addCategory({ name: 'Shelf' });
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/catalog`);
  const slider = page.getByRole('slider');
  const before = page.getByText('There were no categories then.');
  await page.locator('.tree-row').first().waitFor(PATIENCE);
  await page.getByRole('option', { name: 'the whole history' }).waitFor({ state: 'attached', ...PATIENCE });
  await page.getByLabel('Slider covers').selectOption('the last day');
  await slider.focus();
  await page.keyboard.press('Home');
  await before.waitFor(PATIENCE);
  await page.keyboard.press('End');
  await page.waitForURL((url) => !url.searchParams.has('as_of'), PATIENCE);
  await page.locator('.tree-row').first().waitFor(PATIENCE);
  const { x, y, width, height } = (await slider.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + width - 8, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.up();
  await before.waitFor(PATIENCE);
  const shared = page.url();
  await page.getByRole('button', { name: 'Back to now' }).click();
  await page.locator('.tree-row').first().waitFor(PATIENCE);
  await page.goto(shared);
  await before.waitFor(PATIENCE);
  t.same(faults, []);
});

t.test('of a tree of thousands only the rows in sight are in the page', needsBrowser, async (t) => {
  const seed = temporaryFolder(t);
  const rows = Array.from({ length: 5_000 }, (_, at) => `${at + 2},c${at},Shelf ${at},1`);
  writeFileSync(
    join(seed, 'categories.csv'),
    ['cat_id,code,name,parent_cat_id', '1,root,Root,', ...rows, ''].join('\n'),
  );
  const shop = await runningApp(t, { console: await builtConsole(), seed });
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/catalog`);
  await page.getByText('5,001 categories').waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Open all' }).click();
  t.ok((await page.locator('.tree-row').count()) < 80);
  await page.getByRole('tree').focus();
  await page.keyboard.press('End');
  await page.locator('.tree-row[aria-selected=true]').waitFor(PATIENCE);
  t.match(new URL(page.url()).searchParams.get('category'), /^\d+$/, 'the last one is chosen');
});

t.test('without a key the console asks for one, and says what the key may not do', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole(), access: required });
  const { key } = await shop.runtime.apiKeys.create('clerk', null);
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/log`);
  await page.getByLabel('API key').fill('no-such-key');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor(PATIENCE);
  const said = await page.getByRole('alert').innerText();
  t.match(said, 'Orderlog does not accept this key.');
  t.notMatch(said, /Authorization/, 'a person sends no header');
  const widthOf = async (part: Locator) => (await part.boundingBox())?.width;
  t.equal(await widthOf(page.getByRole('alert')), await widthOf(page.getByLabel('API key')), 'as wide as the field');
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Your key may not do this.').first().waitFor(PATIENCE);
  t.match(await page.getByRole('alert').first().innerText(), /admin/, 'it names the role that may');
  await page.goto(`${shop.http.url}/console/orders`);
  await page.getByText('There are no orders yet.').waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('API key').waitFor(PATIENCE);
  t.equal(await page.evaluate('sessionStorage.length'), 0, 'the key is forgotten');
});
