import type { Page } from 'playwright-core';
import t from 'tap';
import { required } from '../access/guarded.js';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor(PATIENCE);
}

t.test('a clerk is told of late read models, and a healthy installation is called healthy', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole(), access: required });
  const { key } = await shop.runtime.apiKeys.create('clerk', null);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  const connected = '6 of 6 subscriptions connected, 2 drops';
  const answers = {
    late: { ok: false, detail: `users makes no progress though there is work; ${connected}` },
    well: { ok: true, detail: connected },
    degraded: { ok: true, degraded: true, detail: `users is degraded: 1 key waits; ${connected}` },
  };
  let now: keyof typeof answers = 'late';
  await page.route('**/health/ready', (route) => {
    const status = now === 'well' ? 'ok' : now === 'late' ? 'unavailable' : now;
    const json = { status, checks: { 'read-models': { ok: true }, projectors: answers[now] } };
    return route.fulfill({ json, status: now === 'late' ? 503 : 200 });
  });
  await signIn(page, key);
  const late = page.locator('.late');
  await late.waitFor(PATIENCE);
  t.match(await late.innerText(), /^What you see may be old\. users makes no progress/);
  const health = page.locator('li', { hasText: /projectors/ }).locator('.status');
  await health.getByText('failing').waitFor(PATIENCE);
  now = 'well';
  await health.getByText('ok', { exact: true }).waitFor(PATIENCE);
  t.equal(await health.getAttribute('data-tone'), 'good', 'what a check tells beside it is no fault');
  await late.waitFor({ state: 'detached', ...PATIENCE });
  now = 'degraded';
  await health.getByText('degraded', { exact: true }).waitFor(PATIENCE);
  t.equal(await health.getAttribute('data-tone'), 'warn');
  t.same(faults, []);
});

t.test('a role that may not see the read models is told so once on each screen', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole(), access: required });
  const { user_id } = await shop.registerUser();
  const roles = { clerk: null, customer: user_id } as const;
  const open = await openBrowser(t);
  for (const [role, user] of Object.entries(roles)) {
    const { key } = await shop.runtime.apiKeys.create(role as keyof typeof roles, user);
    const { page, faults } = await open(`${shop.http.url}/console/`);
    let asked = 0;
    // The other answers come before the one that says what may be seen.
    await page.route('**/v1/ops/status', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await route.continue();
    });
    page.on('request', (request) => (asked += request.url().endsWith('/v1/ops/status') ? 1 : 0));
    await signIn(page, key);
    await page.getByText('Read models and the log are not shown.').waitFor(PATIENCE);
    t.equal(await page.getByText('This takes the role admin').count(), 1, `${role}: the overview says it once`);
    // Longer than between two looks at a status that may be seen.
    await page.waitForTimeout(4_500);
    t.ok(asked <= 2, `${role}: a denial is not asked for again: ${asked}`);
    const counts = role === 'clerk' ? 'placed orders' : 'Counts of orders are not shown.';
    await page.getByText(counts).waitFor(PATIENCE);
    // The menu does not lead there, but a link that somebody has shared does.
    await page.goto(`${shop.http.url}/console/read-models`);
    await page.getByRole('alert').waitFor(PATIENCE);
    t.match(
      await page.locator('main').innerText(),
      /^Read models\s+Your key may not do this\. This takes the role admin/,
    );
    t.equal(await page.locator('main').getByRole('button').count(), 0, `${role}: there is nothing to press`);
    t.same(faults, []);
  }
});

t.test('each screen that a customer may not see says so once, and has nothing to press', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole(), access: required });
  const { user_id } = await shop.registerUser();
  await shop.addCategory({ name: 'Shelf' });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const { key } = await shop.runtime.apiKeys.create('customer', user_id);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  await signIn(page, key);
  const main = page.locator('main');
  for (const [name, role, path] of [
    ['Orders', 'clerk', 'orders'],
    ['Users', 'clerk', 'users'],
    ['Stock', 'clerk', 'stock'],
    ['Log', 'admin', 'log'],
    ['Read models', 'admin', 'read-models'],
  ] as const) {
    await page.goto(`${shop.http.url}/console/${path}`);
    await main.getByRole('heading', { name, level: 1 }).waitFor(PATIENCE);
    await page.getByRole('alert').first().waitFor(PATIENCE);
    // Longer than a second answer would take.
    await page.waitForTimeout(500);
    t.equal(await page.getByRole('alert').count(), 1, `${name}: one reason`);
    t.match(await main.innerText(), new RegExp(`^${name}\\s+Your key may not do this\\. This takes .*${role}`));
    t.equal(await main.locator('button, input, select').count(), 0, `${name}: nothing to press`);
  }
  await page.getByRole('link', { name: 'Catalog' }).click();
  await page.getByText('Shelf').click(PATIENCE);
  await page.getByText('No product is in this category.').waitFor(PATIENCE);
  t.equal(await page.getByRole('alert').count(), 0, 'what a customer may see');
  t.same(faults, []);
});
