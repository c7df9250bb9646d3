import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { builtConsole } from '../support/browser.js';
import { outcome } from '../support/http-client.js';
import { temporaryFolder } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

const POLICY = /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;/;

/** A console of two files. */
function smallConsole(folder: string): string {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Orderlog</title>');
  writeFileSync(join(folder, 'assets/main-1a2b.js'), 'export {};');
  writeFileSync(join(folder, 'secret.txt'), 'not an asset');
  return folder;
}

t.test(
  'every address of the console is the same page, under a policy that allows files of this server only',
  async (t) => {
    const { http } = await runningApp(t, { console: smallConsole(temporaryFolder(t)), projectors: false });
    for (const path of ['/console/', '/console/orders', '/console/orders/0198-7?x=1', '/console/secret.txt']) {
      const response = await fetch(http.url + path, { headers: { accept: 'text/html' } });
      t.equal(response.status, 200, path);
      t.match(await response.text(), '<title>Orderlog</title>');
      t.match(response.headers.get('content-type'), 'text/html');
      t.match(response.headers.get('content-security-policy'), POLICY);
      t.equal(response.headers.get('cache-control'), 'no-cache', 'a page of an older build is not used again');
    }
  },
);

t.test('a page of the console makes Node warn of nothing', async (t) => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const { http } = await runningApp(t, { console: smallConsole(temporaryFolder(t)), projectors: false });
  const response = await fetch(`${http.url}/console/`, { headers: { 'accept-encoding': 'gzip, br' } });
  t.match(await response.text(), '<title>Orderlog</title>');
  // A warning comes one tick later.
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.same(warnings, []);
});

t.test('the root leads to the console', async (t) => {
  const { http } = await runningApp(t, { console: smallConsole(temporaryFolder(t)), projectors: false });
  for (const path of ['/', '/console']) {
    const response = await fetch(http.url + path, { redirect: 'manual' });
    t.match(String(response.status), /^30[28]$/, path);
    t.equal(response.headers.get('location'), '/console/');
  }
});

t.test('built files can be kept for ever, and nothing else of the folder is served', async (t) => {
  const { http } = await runningApp(t, { console: smallConsole(temporaryFolder(t)), projectors: false });
  const script = await fetch(`${http.url}/console/assets/main-1a2b.js`);
  t.equal(script.status, 200);
  t.match(script.headers.get('content-type'), 'javascript');
  t.match(script.headers.get('cache-control'), 'immutable');
  await script.text();
  for (const path of ['gone.js', '..%2fsecret.txt', '..%2f..%2fpackage.json', '%00.js', 'a%5c..%5csecret.txt', ''])
    t.equal(outcome(await http.send('GET', `/console/assets/${path}`)), '404 route-not-found', path);
});

t.test('without the built console the API is the same', async (t) => {
  const { http } = await runningApp(t, { console: join(tmpdir(), 'no-such-console'), projectors: false });
  t.equal(outcome(await http.send('GET', '/console/')), '404 route-not-found');
  t.equal(outcome(await http.send('GET', '/')), '404 route-not-found');
  t.equal(outcome(await http.send('GET', '/health/live')), '200');
});

t.test('the built console has at most 120 kB, and nothing inline', async (t) => {
  const folder = await builtConsole();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  t.ok(files.length > 3, 'the files are found');
  const bytes = files.map((name) => gzipSync(readFileSync(join(folder, name))).length);
  t.ok(bytes.reduce((sum, one) => sum + one) < 120_000, `${bytes.reduce((sum, one) => sum + one)} bytes`);
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  t.notMatch(page, /<style|style=|<script(?![^>]*src=)| on\w+=/);
});
