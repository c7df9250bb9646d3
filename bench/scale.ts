/**
 * `npm run bench:scale`: what an event and a read cost as the log grows; `-- --help` lists the variants. Figures are written as they come:
 * into bench/results/scale.json, the marked part of docs/capacity.md, and docs/plots/scale.svg. An interrupted run leaves these, and no
 * process or folder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineOf } from './machine.js';
import { withPart } from './page.js';
import { svg } from './plot.js';
import { scaleWanted, type ScaleWanted } from './scale-arguments.js';
import { measureMemory } from './scale-memory.js';
import { measureProcesses } from './scale-processes.js';
import { scalePage, scalePlots } from './scale-report.js';
import { keepResults, type Results, type Run, storedResults } from './scale-results.js';
import { measureSize } from './scale-sizes.js';
import { measureTree } from './scale-tree.js';

const root = join(import.meta.dirname, '../..');
const file = join(root, 'bench/results/scale.json');

const wanted = scaleWanted(process.argv.slice(2), process.env);
if ('text' in wanted) {
  (wanted.isFault ? process.stderr : process.stdout).write(`${wanted.text}\n`);
  process.exitCode = wanted.isFault ? 2 : 0;
} else if (wanted.variant === 'page') {
  writePage(storedResults(file));
} else {
  await measure(wanted);
}

async function measure({ variant, numbers, trees, eventstore, quick }: ScaleWanted): Promise<void> {
  const machine = await machineOf(null, root);
  const results = keepResults(quick ? null : file, machine);
  const keep = (change: (before: Results, run: Run) => Partial<Results>): void => {
    const run: Run = { date: new Date().toISOString().slice(0, 10), commit: machine.commit, node: machine.node };
    results.keep((before) => change(before, run));
    if (!quick) writePage(results.all());
  };
  if (variant === 'sizes') {
    for (const events of numbers)
      await measureSize(events, quick, (figures) =>
        keep(({ sizes }, run) => ({ sizes: { ...sizes, [events]: { ...figures, ...run } } })),
      );
  } else if (variant === 'tree') {
    for (const tree of trees)
      await measureTree(tree, quick, (figures) =>
        keep((before, run) => ({
          trees: { ...before.trees, [`${tree.products}/${tree.categories}`]: { ...figures, ...run } },
        })),
      );
  } else if (variant === 'memory') {
    await measureMemory(numbers[0] as number, quick, (figures) =>
      keep((_, run) => ({ memory: { ...figures, ...run } })),
    );
  } else {
    const log = eventstore === null ? 'postgres' : 'eventstoredb';
    await measureProcesses({ numbers, eventstore, quick }, (figures) =>
      keep(({ processes }, run) => ({ processes: { ...processes, [log]: { figures, ...run } } })),
    );
  }
  console.log(scalePage(results.all(), 'plots/scale.svg'));
}

function writePage(results: Results | null): void {
  const plots = scalePlots(results);
  if (plots.length > 0) writeFileSync(join(root, 'docs/plots/scale.svg'), svg(plots));
  const page = join(root, 'docs/capacity.md');
  writeFileSync(page, withPart(readFileSync(page, 'utf8'), 'scale', scalePage(results, 'plots/scale.svg')));
}
