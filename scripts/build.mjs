// Compiles what runs (`src`, `projections`, `migrations`) and builds the console. With --if-missing, only if there is nothing compiled yet, as after
// `npm ci --ignore-scripts`, or a build was interrupted.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const cli = pathOf('dist/src/cli.js');
const compiler = pathOf('node_modules/typescript/bin/tsc');
// There while a build runs, and after one that did not end: what it has left may have no console, or not every module.
const unfinished = pathOf('dist/unfinished');

if (process.argv.includes('--if-missing') && existsSync(cli) && !existsSync(unfinished)) process.exit(0);
if (!existsSync(compiler)) {
  console.error(
    'orderlog: the compiler is not installed, because npm left out development packages or was not run. ' +
      'Run `npm ci --include=dev`; after that, `npm prune --omit=dev --ignore-scripts` removes them again.',
  );
  process.exit(1);
}
mkdirSync(pathOf('dist'), { recursive: true });
writeFileSync(unfinished, '');
const { status } = spawnSync(process.execPath, [compiler, '-p', pathOf('tsconfig.build.json')], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
// npm links the bin of the checkout itself without looking at its mode: `npx orderlog` needs the bit set.
chmodSync(cli, 0o755);

// A container's build may leave the console out: the API is the same without it.
if (existsSync(pathOf('console/vite.config.ts'))) await buildConsole();
rmSync(unfinished, { force: true });

async function buildConsole() {
  const { build } = await import('vite');
  await build({ configFile: pathOf('console/vite.config.ts'), logLevel: 'warn' });
  // Compressed once, not for every reader.
  for (const folder of ['dist/console', 'dist/console/assets']) {
    for (const { name, parentPath } of readdirSync(pathOf(folder), { withFileTypes: true })) {
      if (!/\.(?:js|css|html|svg)$/.test(name)) continue;
      const content = readFileSync(`${parentPath}/${name}`);
      writeFileSync(`${parentPath}/${name}.gz`, gzipSync(content, { level: 9 }));
    }
  }
}
