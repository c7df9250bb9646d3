/** The diffs of docs/tutorial.md, applied to a copy of the sources: their types are right, and the tests in them pass. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import t, { type Test } from 'tap';
import ts from 'typescript';
import { applied, diffsIn, editsOf } from '../support/diffs.js';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/tutorial.md'), 'utf8');
const [, command = '', readModel = '', column = ''] = page.split(/^## /m);
const isCode = ({ path }: { readonly path: string }): boolean => !path.startsWith('test/');

t.test('a read model takes at most five files, and a column at most six edits', async (t) => {
  const files = diffsIn(readModel).filter(isCode);
  t.ok(files.length > 2 && files.length <= 5, `${files.length} files`);
  const edits = diffsIn(column)
    .filter(isCode)
    .reduce((sum, diff) => sum + editsOf(diff), 0);
  t.ok(edits > 2 && edits <= 6, `${edits} edits`);
  t.ok(diffsIn(command).length > 5);
});

t.test('with all diffs applied the types are right, and the tests of the tutorial pass', async (t) => {
  const checkout = checkoutWithin(t);
  const changed = new Set<string>();
  for (const diff of diffsIn(page)) {
    const file = join(checkout, diff.path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, applied(diff.isNew ? '' : readFileSync(file, 'utf8'), diff));
    changed.add(file);
  }
  t.same(compile(checkout, [...changed]), []);
  const tests = [...changed].filter((file) => file.endsWith('.test.ts'));
  t.ok(tests.length > 0);
  for (const file of tests) {
    const script = file.replace(checkout, join(checkout, 'dist')).replace(/\.ts$/, '.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: checkout, encoding: 'utf8' });
    t.equal(status, 0, `${file}\n${stdout}${stderr}`);
  }
});

/** A copy of the sources and of what is compiled from them. */
function checkoutWithin(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'orderlog-tutorial-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['src', 'projections', 'migrations', 'test/support']) {
    for (const of of [part, `dist/${part}`]) cpSync(join(root, of), join(folder, of), { recursive: true });
  }
  for (const part of ['package.json', 'tsconfig.json']) cpSync(join(root, part), join(folder, part));
  for (const part of ['node_modules', 'seed']) symlinkSync(join(root, part), join(folder, part));
  return folder;
}

/** Compiles the files. @returns what is wrong with their types, and with those of the read slices */
function compile(checkout: string, files: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(checkout, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, checkout);
  const program = ts.createProgram(files, { ...options, incremental: false });
  for (const file of files) program.emit(program.getSourceFile(file));
  // Read slices are what a new event type breaks.
  const isChecked = ({ fileName }: ts.SourceFile): boolean =>
    files.includes(fileName) || relative(checkout, fileName).startsWith('projections/');
  return program
    .getSourceFiles()
    .filter(isChecked)
    .flatMap((source) =>
      [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText }) => `${source.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      ),
    );
}
