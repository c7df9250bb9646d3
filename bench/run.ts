/**
 * `npm run bench`: every row of the table, each against its peer in the same run (docs/performance.md). Server, peer, database and
 * load share the machine; the load generator is a process of its own. A single request that fails ends the run.
 *
 *   npm run bench -- --help      lists the rows
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wantedOf, type Wanted } from './arguments.js';
import { remove, temporaryFolder } from './ending.js';
import { type Machine, machineOf } from './machine.js';
import { costPlot, resultsOf, withPart } from './page.js';
import { svg } from './plot.js';
import { stopServers } from './processes.js';
import type { Bench, Figure } from './row.js';
import { rows as all } from './rows/index.js';
import { openShop, type Shop } from './shop.js';
import { tableOf } from './table.js';

const ROUNDS = 3;
const root = join(import.meta.dirname, '../..');

const wanted = wantedOf(process.argv.slice(2), all);
if ('text' in wanted) {
  (wanted.isFault ? process.stderr : process.stdout).write(`${wanted.text}\n`);
  process.exitCode = wanted.isFault ? 2 : 0;
} else {
  await measure(wanted);
}

async function measure({ rows, quick, full }: Wanted): Promise<void> {
  const folder = temporaryFolder('orderlog-bench-');
  let shop: Promise<Shop> | null = null;
  const bench: Bench = {
    ...{ quick, full },
    rounds: quick ? 1 : ROUNDS,
    folder,
    shop: () => (shop ??= openShop(folder)),
  };
  try {
    const figures: Figure[] = [];
    for (const row of rows) {
      const begun = performance.now();
      figures.push(...(await row.run(bench)));
      console.error(`${row.name}: ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
    }
    const opened = shop as Promise<Shop> | null;
    const machine = await machineOf(opened === null ? null : await opened, root);
    // A table of several runs would compare different moments.
    if (!quick && rows.length === all.length) write(machine, figures);
    console.log(`\n${JSON.stringify(machine)}\n\n${tableOf(figures)}`);
  } finally {
    await stopServers();
    await (shop as Promise<Shop> | null)?.then(
      (open) => open.stop(),
      () => undefined,
    );
    remove(folder);
  }
}

/** The rounds themselves, under a name that tells nothing of the machine but its cores; table and plots into the page. */
function write(machine: Machine, figures: readonly Figure[]): void {
  const date = new Date().toISOString().slice(0, 10);
  const results = join(root, 'bench/results');
  mkdirSync(results, { recursive: true });
  const document = { date, machine, rounds: ROUNDS, figures };
  writeFileSync(join(results, `${date}-${machine.cores}-cores.json`), `${JSON.stringify(document, null, 2)}\n`);
  const file = join(root, 'docs/performance.md');
  let page = withPart(readFileSync(file, 'utf8'), 'table', resultsOf(date, ROUNDS, machine, figures));
  const plot = costPlot(figures);
  if (plot) {
    writeFileSync(join(root, 'docs/performance.svg'), svg([plot]));
    page = withPart(page, 'plots', `![${plot.title}](performance.svg)`);
  }
  writeFileSync(file, page);
}
