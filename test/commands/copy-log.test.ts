import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { testDatabase } from '../support/database.js';
import { orderlog, settingsFor, temporaryFolder } from '../support/orderlog.js';

t.test('a target that does not answer, or whose URL is wrong, is named by its option', async (t) => {
  const settings = settingsFor(await testDatabase(t), temporaryFolder(t));
  const file = (url: string): string => {
    const path = join(temporaryFolder(t), 'target');
    writeFileSync(path, url);
    return path;
  };
  const [absent, wrong] = ['esdb://127.0.0.1:1?tls=false', 'http://127.0.0.1:1'];
  const cases: [string, string, number, RegExp][] = [
    ['--to', absent, 3, /^orderlog: the server at --to can not be used: .*ECONNREFUSED/],
    ['--to-file', file(absent), 3, /^orderlog: the server at --to-file can not be used: .*ECONNREFUSED/],
    ['--to', wrong, 2, /^orderlog: --to /],
    ['--to-file', file(wrong), 2, /^orderlog: --to-file /],
  ];
  await Promise.all(
    cases.map(async ([option, target, code, message]) => {
      const ended = await orderlog(settings, 'copy-log', option, target);
      t.match(ended, { code, stderr: message }, `${option} ${target}`);
      t.notMatch(ended.stderr, 'EVENTSTORE_URL');
    }),
  );
});
