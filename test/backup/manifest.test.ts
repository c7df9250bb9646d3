import t from 'tap';
import { readManifest } from '../../src/backup/manifest.js';

t.test('a manifest that is not JSON is told by the file, the place and the fault, with a remedy', (t) => {
  const cases = [
    [
      '{\n  "magic": "orderlog-backup",\n  "format": 1,\n}\n',
      'in line 4, column 1, the } must not stand behind a comma',
    ],
    ['{"magic": "orderlog-ba', 'in column 11, the text has no closing quote'],
    ['', 'in column 1, a value is missing'],
  ] as const;
  for (const [text, fault] of cases) {
    t.throws(() => readManifest(text, '/srv/backup.tar'), {
      name: 'WrongUse',
      message: `/srv/backup.tar is damaged: its manifest.json is not JSON: ${fault}. Fetch it again, or use another`,
    });
  }
  t.throws(() => readManifest('{"magic":"orderlog-backup","format":1}', 'backup.tar'), {
    message: /^backup\.tar is damaged: in its manifest\.json, [\s\S]*version[\s\S]*Fetch it again, or use another$/,
  });
  t.end();
});
