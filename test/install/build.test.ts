import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';

const script = join(import.meta.dirname, '../../../scripts/build.mjs');

/** A checkout of nothing but the script, after an installation without the compiler. */
function checkout(t: Test): { folder: string; build: (...args: string[]) => { status: number | null; said: string } } {
  const folder = t.testdir({ scripts: {} });
  copyFileSync(script, join(folder, 'scripts/build.mjs'));
  return {
    folder,
    build: (...args) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'scripts/build.mjs'), ...args]);
      return { status, said: `${stdout.toString()}${stderr.toString()}` };
    },
  };
}

void t.test('without the compiler, building says in one line what to do', async (t) => {
  const { build } = checkout(t);
  for (const args of [[], ['--if-missing']]) {
    const { status, said } = build(...args);
    t.equal(status, 1);
    t.match(said, /^orderlog: the compiler is not installed.* Run `npm ci --include=dev`.*\n$/);
  }
});

void t.test('what is compiled already is not compiled again, and needs no compiler', async (t) => {
  const { folder, build } = checkout(t);
  mkdirSync(join(folder, 'dist/src'), { recursive: true });
  writeFileSync(join(folder, 'dist/src/cli.js'), '');
  t.same(build('--if-missing'), { status: 0, said: '' });
});

void t.test('a compiler that finds a fault ends the build with its exit code', async (t) => {
  const { folder, build } = checkout(t);
  mkdirSync(join(folder, 'node_modules/typescript/bin'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/typescript/bin/tsc'), 'console.log(process.argv.slice(2)); process.exit(2)');
  const { status, said } = build('--if-missing');
  t.equal(status, 2);
  t.match(said, /tsconfig\.build\.json/);
});

void t.test('a build that was killed is made again, and one that has ended is not', async (t) => {
  const { folder, build } = checkout(t);
  mkdirSync(join(folder, 'node_modules/typescript/bin'), { recursive: true });
  const compiler = join(folder, 'node_modules/typescript/bin/tsc');
  const emit =
    "require('node:fs').cpSync(process.argv[1], require('node:path').join(__dirname, '../../../dist/src/cli.js'));";
  writeFileSync(compiler, `${emit} process.kill(process.ppid, 'SIGKILL')`);
  t.equal(build('--if-missing').status, null, 'it dies with something compiled');
  writeFileSync(compiler, `${emit} console.log('compiles')`);
  t.same(build('--if-missing'), { status: 0, said: 'compiles\n' });
  t.same(build('--if-missing'), { status: 0, said: '' });
});
