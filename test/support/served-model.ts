import type { Test } from 'tap';
import type { CheckpointWatch } from '../../src/engine/projecting/watch.js';
import type { Projection } from '../../src/engine/projecting/projection.js';
import { ReadModel } from '../../src/engine/projecting/read-model.js';
import { testDatabase } from './database.js';
import { ProjectionUnderTest, TestLog } from './project.js';

/** A read model on a database of its own, fed by hand from a log that is made up. */
export interface ServedModel<Page> {
  /** The log as it was made up so far; another one after a restart. */
  log: TestLog;
  readonly model: ReadModel;
  readonly projected: ProjectionUnderTest<Page>;
  /** Projects what the log holds beyond the checkpoint, in pages of these sizes in turn; in one page if none is given. */
  catchUp(...pageSizes: number[]): Promise<void>;
  /** Back to no rows, and to an empty log unless one is given. */
  restart(log?: TestLog): Promise<void>;
}

/** Nobody waits here: who asks for a later position is told that it was not reached. */
const watch = { waitFor: () => Promise.resolve(false) } as unknown as CheckpointWatch;

export async function servedModel<Page>(t: Test, projection: Projection<Page>): Promise<ServedModel<Page>> {
  const { pool } = await testDatabase(t);
  const projected = await ProjectionUnderTest.create(pool, projection);
  const { name, version } = projection;
  const moveCheckpoint = (): Promise<unknown> =>
    pool.query(
      `insert into orderlog.checkpoints (model, build, position) values ($1, $2, $3)
       on conflict (model, build) do update set position = excluded.position`,
      [name, version, projected.position],
    );
  await moveCheckpoint();
  await pool.query(`insert into orderlog.builds (model, number, version, state) values ($1, $2, $2, 'active')`, [
    name,
    version,
  ]);
  const served: ServedModel<Page> = {
    log: new TestLog(),
    model: new ReadModel(pool, { name, version }, watch),
    projected,
    async catchUp(...pageSizes): Promise<void> {
      let rest = served.log.events.filter((event) => event.position > projected.position);
      for (let turn = 0; rest.length > 0; turn++) {
        const size = pageSizes[turn % pageSizes.length] ?? rest.length;
        await projected.apply(rest.slice(0, size));
        rest = rest.slice(size);
      }
      await moveCheckpoint();
    },
    async restart(log = new TestLog()): Promise<void> {
      served.log = log;
      await projected.empty();
      await moveCheckpoint();
    },
  };
  return served;
}
