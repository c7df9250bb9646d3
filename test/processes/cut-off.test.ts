/** A process whose work does not end in time after a signal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { ended } from '../support/orderlog.js';

const LIFETIME = new URL('../../src/lifetime.js', import.meta.url).href;
const OUTLET = new URL('../../src/commands/outlet.js', import.meta.url).href;

async function cutOff(options: object, printed: string): Promise<Awaited<ReturnType<typeof ended>>> {
  const program = `
    const { ownLifetime } = await import(${JSON.stringify(LIFETIME)});
    const { stdout, stderr } = await import(${JSON.stringify(OUTLET)});
    ownLifetime({ lastly: () => Promise.resolve(), longestMs: 50, ...${JSON.stringify(options)} });
    setInterval(() => undefined, 1_000);
    const printed = ${JSON.stringify(printed)};
    if (printed !== '') await stdout.flush(printed);
    await stderr.flush('works');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  const end = ended(child);
  await once(child.stderr, 'data');
  child.kill('SIGINT');
  return end;
}

t.test('work that is cut off leaves exactly one JSON document where one is asked for', async (t) => {
  const json = await cutOff({ json: true }, '');
  t.equal(json.code, 1);
  t.match(json.stderr, /work under way did not end in time/);
  t.match(JSON.parse(json.stdout), { error: { name: 'Error', message: /^interrupted: work under way did not end/ } });
  t.equal((await cutOff({ json: false }, '')).stdout, '');
  t.equal(
    (await cutOff({ json: true }, '{"url":"x"}\n')).stdout,
    '{"url":"x"}\n',
    'one that is out stays the only one',
  );
});
