/** The programs of docs/clients.md for TypeScript and curl do what the page says. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { demo, runningApp } from '../support/running-app.js';
import { root } from '../support/sources.js';
import { tinyPdf } from '../support/tiny-pdf.js';

const run = promisify(execFile);
const page = readFileSync(join(root, 'docs/clients.md'), 'utf8');

/** The last block of a language below a heading. */
function program(heading: string, language: string): string {
  const section = page.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  return section.split(`\`\`\`${language}\n`).at(-1)?.split('\n```')[0] ?? '';
}

function folder(t: Test): string {
  const folder = t.testdir();
  writeFileSync(join(folder, 'proof.pdf'), tinyPdf());
  return folder;
}

t.test('the TypeScript program places, reads and pays the order, and is refused to cancel it', async (t) => {
  const { http } = await runningApp(t, { seed: demo });
  const place = folder(t);
  // Without its types, it is JavaScript as it stands; the compiler checks it in package.test.ts.
  const text = program('TypeScript', 'ts').replace(
    '@orderlog/client',
    join(root, 'dist/clients/typescript/src/index.js'),
  );
  writeFileSync(join(place, 'program.mjs'), text);
  const { stdout } = await run(process.execPath, ['program.mjs'], { cwd: place, env: { ORDERLOG: http.url } });
  t.equal(stdout, 'placed 29800 USD\ntrue\n409 order-paid The order is paid and can not be cancelled.\n');
});

t.test('the curl program does the same', async (t) => {
  const { http } = await runningApp(t, { seed: demo });
  const env = { PATH: process.env['PATH'], ORDERLOG: http.url };
  const { stdout } = await run('sh', ['-ec', program('curl', 'sh')], { cwd: folder(t), env });
  t.match(
    stdout,
    /^\{"data":\[\{"order_id":.*"status":"placed".*\}\],"next":null\}.*"status":"paid".*"code":"order-paid"/s,
  );
});
