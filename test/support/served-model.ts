import type { Test } from 'tap';
import type { CheckpointWatch } from '../../src/engine/projecting/watch.js';
import type { AnyProjection, Projection } from '../../src/engine/projecting/projection.js';
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

/** @param beside those whose tables its queries join; each gets what it reads of the log in one page */
export async function servedModel<Page>(
  t: Test,
  projection: Projection<Page>,
  ...beside: AnyProjection[]
): Promise<ServedModel<Page>> {
  const { pool } = await testDatabase(t);
  const projected = await ProjectionUnderTest.create(pool, projection);
  const others: ProjectionUnderTest<unknown>[] = [];
  for (const one of beside) others.push(await ProjectionUnderTest.create(pool, one));
  const all = [projected, ...others];
  const moveCheckpoint = async (): Promise<void> => {
    for (const { projection: of, position } of all)
      await pool.query(
        `insert into orderlog.checkpoints (model, build, position) values ($1, $2, $3)
         on conflict (model, build) do update set position = excluded.position`,
        [of.name, of.version, position],
      );
  };
  await moveCheckpoint();
  for (const { projection: of } of all)
    await pool.query(`insert into orderlog.builds (model, number, version, state) values ($1, $2, $2, 'active')`, [
      of.name,
      of.version,
    ]);
  const served: ServedModel<Page> = {
    log: new TestLog(),
    model: new ReadModel(pool, projection, watch, null, beside),
    projected,
    async catchUp(...pageSizes): Promise<void> {
      let rest = served.log.events.filter((event) => event.position > projected.position);
      for (let turn = 0; rest.length > 0; turn++) {
        const size = pageSizes[turn % pageSizes.length] ?? rest.length;
        await projected.apply(rest.slice(0, size));
        rest = rest.slice(size);
      }
      for (const other of others) await other.apply(served.log.events);
      await moveCheckpoint();
    },
    async restart(log = new TestLog()): Promise<void> {
      served.log = log;
      for (const one of all) await one.empty();
      await moveCheckpoint();
    },
  };
  return served;
}
