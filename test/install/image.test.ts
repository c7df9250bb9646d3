import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { build } from 'vite';
import { buildContext, replay } from '../../scripts/dockerfile.js';
import { temporaryFolder } from '../support/orderlog.js';
import { root } from '../support/sources.js';

t.test('the build stage of the image has every file that the console is built from', async (t) => {
  const folder = temporaryFolder(t);
  const context = join(folder, 'context');
  const stages = join(folder, 'stages');
  mkdirSync(stages);
  buildContext(root, context);
  // Copied only: what RUN does is tried by `npm run check:image`.
  const [, , first = ''] = /^(.*?)(FROM .*?)(?=^FROM )/ms.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? [];
  const copied = first.replace(/^RUN .*$/gm, '');
  const stage = replay(copied, { context, folder: stages, environment: {}, say: () => undefined });
  const app = join(stage.root, stage.workdir);
  symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'));
  await build({ configFile: join(app, 'console/vite.config.ts'), logLevel: 'error' });
  t.ok(existsSync(join(app, 'dist/console/index.html')));
});
