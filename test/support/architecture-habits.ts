/** Habits of the house that can be read off one file. */
import { posix } from 'node:path';
import ts from 'typescript';
import { type Source, walk } from './syntax.js';

const MAY_READ_ENVIRONMENT = ['src/config.ts', 'src/cli.ts', 'src/embedded-postgres/environment.ts'];
/** It escapes what a terminal would obey: everything that is printed goes through it. */
const MAY_PRINT = ['src/commands/outlet.ts'];
const MAY_RE_EXPORT = ['projections/index.ts', 'src/engine/index.ts', 'src/engine/testing.ts'];
const MOST_LINES = 300;
/** In SQL: an index finds what overlaps with a long array only by comparing every row that it finds with all of it. */
const ARRAYS_COMPARED = /&&\s*(?:\$\d|array\[\s*\$|any\s*\(|\(\s*select\b)/i;
/** For a caller that left earlier, the event is over. */
const HEARS_THE_END = /\braw\.(?:on|once|addListener)\('close'/;
const MAY_HEAR_THE_END = ['src/http/gone.ts'];
const VAGUE = /(?:^|-)(?:aggregate-root|repository|service|manager|helper|helpers|util|utils)(?:-|$)|^handler$/;

/** What a file does that none should. */
export function habitFaults({ path, text }: Source, file: ts.SourceFile): readonly string[] {
  const faults: string[] = [];
  const name = posix.basename(path, '.ts');
  const lines = text.trimEnd().split('\n').length;
  if (lines > MOST_LINES) faults.push(`has ${lines} lines, more than ${MOST_LINES}`);
  if (!/^[a-z0-9]+(?:[-_][a-z0-9]+)*$/.test(name)) faults.push('is not named in kebab-case');
  if (VAGUE.test(name)) faults.push('has a name that says nothing');
  const isBarrel = file.statements.every((one) => ts.isExportDeclaration(one) && one.moduleSpecifier);
  if (file.statements.length > 0 && isBarrel && !MAY_RE_EXPORT.includes(path))
    faults.push('only exports what others have');
  if (ARRAYS_COMPARED.test(text))
    faults.push('compares arrays with a parameter by &&, which takes their product: join instead');
  if (HEARS_THE_END.test(text) && !MAY_HEAR_THE_END.includes(path))
    faults.push('listens for the end of a response: use whenGone');
  walk(file, (node) => {
    const what = breach(node, path);
    if (what !== null) faults.push(`line ${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1} ${what}`);
  });
  return faults;
}

function breach(node: ts.Node, path: string): string | null {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'says any';
  if (ts.isEnumDeclaration(node)) return 'declares an enum';
  if (ts.isModuleDeclaration(node) && (node.flags & ts.NodeFlags.Namespace) !== 0) return 'declares a namespace';
  if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword) {
    if (!ts.isDefaultClause(node.parent)) return 'exports a default';
  }
  if (ts.isExportSpecifier(node) && node.name.text === 'default') return 'exports a default';
  if (prints(node) && !MAY_PRINT.includes(path)) return 'prints past src/commands/outlet.ts';
  if (readsEnvironment(node) && !MAY_READ_ENVIRONMENT.includes(path)) return 'reads the environment';
  return null;
}

/** `process.stdout`, `process.stderr` and the console, however they are called. */
function prints(node: ts.Node): boolean {
  if (ts.isIdentifier(node) && node.text === 'console') {
    // A member of this name prints nothing.
    if (ts.isPropertyAssignment(node.parent)) return node.parent.name !== node;
    return !ts.isPropertyAccessExpression(node.parent) || node.parent.expression === node;
  }
  if (ts.isImportDeclaration(node)) return /^['"](?:node:)?console['"]$/.test(node.moduleSpecifier.getText());
  return (
    ts.isPropertyAccessExpression(node) &&
    /^std(?:out|err)$/.test(node.name.text) &&
    node.expression.getText() === 'process'
  );
}

/** `process.env`, however it is taken. */
function readsEnvironment(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return node.expression.getText() === 'process' && node.name.text === 'env';
  if (ts.isElementAccessExpression(node)) return node.expression.getText() === 'process';
  if (ts.isVariableDeclaration(node)) return node.initializer?.getText() === 'process';
  return ts.isImportDeclaration(node) && /^['"](?:node:)?process['"]$/.test(node.moduleSpecifier.getText());
}
