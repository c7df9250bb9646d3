/** A data set from its files to the log, and the read models made from it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { remove } from '../ending.js';
import { orderlog } from '../processes.js';
import type { Row } from '../row.js';

/** Beside the checkout, where the sample data is. */
const retail = join(import.meta.dirname, '../../../../shared/data/retail');

export const importing: Row = {
  name: 'importing',
  what: 'import of the retail set, and rebuild of it; left out without ../shared/data/retail',
  peer: 'none',
  run: async (bench) => {
    if (!existsSync(retail)) {
      console.error('importing: left out, there is no ../shared/data/retail');
      return [];
    }
    const imports: number[] = [];
    const rebuilds: number[] = [];
    let events = 0;
    for (let round = 0; round < bench.rounds; round++) {
      const dir = join(bench.folder, `retail-${round}`);
      const settings = { ORDERLOG_DATA_DIR: dir, SEED: 'none' };
      try {
        const begun = performance.now();
        ({ appended: events } = await orderlog<{ appended: number }>(settings, 'import', retail));
        const imported = performance.now();
        await orderlog(settings, 'rebuild');
        imports.push((imported - begun) / 1_000);
        rebuilds.push((performance.now() - imported) / 1_000);
      } finally {
        remove(dir);
      }
    }
    const figure = { unit: 's', peer: null, mark: null, detail: `${events.toLocaleString('en-US')} events` };
    return [
      { what: 'import of the retail set', ours: imports, ...figure },
      { what: 'rebuild of the retail set', ours: rebuilds, ...figure },
    ];
  },
};
