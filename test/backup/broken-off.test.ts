import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { orderlog, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { demo, runningApp } from '../support/running-app.js';
import { backUp, emptyTarget, restoreTo } from './installations.js';

t.test('status tells what a restore that was killed has left to do, until it is done', async (t) => {
  const file = join(temporaryFolder(t), 'backup.tar');
  await backUp(await runningApp(t, { seed: demo, projectors: false }), file);
  const target = await emptyTarget(t);
  const settings = settingsFor(target.database, target.dataDir);
  t.equal((await orderlog(settings, 'migrate')).code, 0);
  t.notMatch((await orderlog(settings, 'status')).stdout, 'restore', 'an installation that is new');
  const note = join(target.dataDir, 'restoring');
  mkdirSync(target.dataDir);
  writeFileSync(note, 'of a backup');
  t.match(
    (await orderlog(settings, 'status')).stdout,
    /broken off before anything of it was there: run orderlog restore/,
  );

  // As far as a run comes that is killed before its read models.
  await restoreTo(target, file);
  const { stdout } = await orderlog(settings, 'status', '--json');
  const { notes } = JSON.parse(stdout) as { notes: string[] };
  t.match(notes, [
    /all was there but read models \(category-tree, .*\): run orderlog restore FILE again, or orderlog rebuild$/,
  ]);
  t.match((await orderlog(settings, 'status')).stdout, notes[0]);

  t.equal((await orderlog(settings, 'rebuild')).code, 0);
  const after = JSON.parse((await orderlog(settings, 'status', '--json')).stdout) as object;
  t.notOk('notes' in after, 'all is there');
});
