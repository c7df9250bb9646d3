// Compiles what runs (`src`, `projections`, `migrations`). With --if-missing, only if there is nothing compiled yet, as after
// `npm ci --ignore-scripts`.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const cli = pathOf('dist/src/cli.js');
const compiler = pathOf('node_modules/typescript/bin/tsc');

if (process.argv.includes('--if-missing') && existsSync(cli)) process.exit(0);
if (!existsSync(compiler)) {
  console.error(
    'orderlog: the compiler is not installed, because npm left out development packages or was not run. ' +
      'Run `npm ci --include=dev`; after that, `npm prune --omit=dev --ignore-scripts` removes them again.',
  );
  process.exit(1);
}
const { status } = spawnSync(process.execPath, [compiler, '-p', pathOf('tsconfig.build.json')], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
// npm links the bin of the checkout itself without looking at its mode: `npx orderlog` needs the bit set.
chmodSync(cli, 0o755);
