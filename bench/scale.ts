/**
 * `npm run bench:scale -- [events…]`: what an event and a read cost at each size of the log, by default 10 thousand, 100 thousand and a
 * million events. `-- tree`: 25,000 categories, and 3 million products in 6,000. `-- memory`: what each process has in memory at a
 * million events with events of 512 KiB among them. `-- processes`: orders through 1, 2 and 4 API processes; on an empty EventStoreDB if
 * TEST_EVENTSTORE_URL names one. Prints a table, adds the figures to bench/results/scale.json, and draws
 * docs/plots/scale.svg from all that this file holds.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { svg } from './plot.js';
import { measureMemory } from './scale-memory.js';
import { measureProcesses } from './scale-processes.js';
import { type Results, scalePlots, scaleTable, worstGrowth } from './scale-report.js';
import { measureSize } from './scale-sizes.js';
import { measureTree } from './scale-tree.js';
import { wantedSizes } from './sizes.js';

const root = join(import.meta.dirname, '../..');
const file = join(root, 'bench/results/scale.json');
const plots = join(root, 'docs/plots/scale.svg');
const args = process.argv.slice(2);
const [cpu] = cpus();
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();
const machine = {
  ...{ date: new Date().toISOString().slice(0, 16), cpu: cpu?.model ?? '', cores: cpus().length },
  ...{ memory_gib: Math.round(totalmem() / 1_024 ** 3), node: process.versions.node, commit },
};

if (args[0] === 'tree') {
  for (const [products, categories] of [
    [100_000, 25_000],
    [3_000_000, 6_000],
  ] as const) {
    const figures = await measureTree(products, categories);
    keep((results) => ({
      ...results,
      tree: { ...results.tree, [`${products}/${categories}`]: { ...figures, machine } },
    }));
  }
} else if (args[0] === 'memory') {
  const figures = await measureMemory(Number(args[1] ?? 1_000_000));
  keep((results) => ({ ...results, memory: { ...figures, machine } }));
} else if (args[0] === 'processes') {
  const url = process.env['TEST_EVENTSTORE_URL'];
  const log = url === undefined ? 'postgres' : 'eventstoredb';
  const figures = await measureProcesses(url);
  keep((results) => ({ ...results, processes: { ...results.processes, [log]: { figures, machine } } }));
} else {
  for (const events of wantedSizes(args)) {
    const figures = await measureSize(events);
    keep((results) => ({ ...results, sizes: { ...results.sizes, [events]: { ...figures, machine } } }));
  }
}

const results = stored();
mkdirSync(dirname(plots), { recursive: true });
writeFileSync(plots, svg(scalePlots(results)));
console.log(scaleTable(results));
for (const { what, times } of worstGrowth(results))
  console.log(`${what}: ${times} times the cost at the smallest size`);

/** After each measurement: the next one may take long. */
function keep(add: (before: Results) => Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(add(stored()), null, 2)}\n`);
}

function stored(): Results {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : { sizes: {} };
}
