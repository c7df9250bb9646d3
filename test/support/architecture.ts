/** Who may import whom, and other habits of the house that can be read off the sources. CONTRIBUTING points here. */
import { posix } from 'node:path';
import ts from 'typescript';

export interface Source {
  /** From the root of the checkout, with slashes. */
  readonly path: string;
  readonly text: string;
}

interface Zone {
  readonly name: string;
  readonly files: RegExp;
  /** What its files may import, besides their own folder: paths of the checkout, or names of packages. */
  readonly may: readonly RegExp[];
  /** What they may import as types only. */
  readonly mayAsTypes?: readonly RegExp[];
  readonly ownFolder?: boolean;
}

const SLICE = 'src/(?:order|user|product|category|claim)';
const PACKAGE = /^(?!src\/|projections\/|migrations\/|test\/|seed\/|scripts\/|bench\/)/;
const CORE = /^src\/core\//;
const INFRA = /^src\/infra\//;
const HTTP = /^src\/infra\/http\//;
const FASTIFY = /^@?fastify/;
const ZOD = /^zod$/;

/** The first that fits a file is its zone. */
const zones: readonly Zone[] = [
  { name: 'core', files: CORE, may: [CORE] },
  { name: 'answer of a slice', files: new RegExp(`^${SLICE}/answer\\.ts$`), may: [ZOD] },
  {
    name: 'stream and routes of a slice',
    files: new RegExp(`^${SLICE}/(?:stream|routes)\\.ts$`),
    may: [CORE, HTTP, ZOD],
    mayAsTypes: [FASTIFY],
    ownFolder: true,
  },
  { name: 'inside of a slice', files: new RegExp(`^${SLICE}/[^/]+$`), may: [CORE, ZOD], ownFolder: true },
  {
    name: 'migration runner',
    files: /^src\/infra\/postgres\/migrate\.ts$/,
    may: [CORE, INFRA, PACKAGE, /^migrations\//],
  },
  { name: 'infra', files: INFRA, may: [CORE, INFRA, PACKAGE] },
  {
    name: 'read slice',
    files: /^projections\/[^/]+\//,
    may: [CORE, new RegExp(`^${SLICE}/(?:events|answer)\\.ts$`), /^src\/infra\/(?:projector|http)\//, ZOD],
    mayAsTypes: [FASTIFY],
    ownFolder: true,
  },
  {
    name: 'operations',
    files: /^src\/operations\//,
    may: [CORE, INFRA, PACKAGE, new RegExp(`^${SLICE}/`), /^src\/operations\//, /^projections\/index\.ts$/],
  },
  {
    name: 'configuration',
    files: /^src\/config\.ts$/,
    may: [/^node:/, /^src\/dot-env\.ts$/, /^src\/infra\/event-store\/connection-url\.ts$/],
  },
  { name: 'root', files: /^(?:src|projections)\/[^/]+\.ts$/, may: [/^/] },
  { name: 'migration', files: /^migrations\//, may: [/^knex$/] },
];

const MAY_READ_ENVIRONMENT = ['src/config.ts', 'src/cli.ts', 'src/embedded-postgres/environment.ts'];
/** It escapes what a terminal would obey: everything that is printed goes through it. */
const MAY_PRINT = ['src/commands/outlet.ts'];
const MAY_RE_EXPORT = ['projections/index.ts'];
const EVENT_STORE_CLIENT = /^@(?:eventstore|kurrent)\//;
/** Settings and deadlines are those of every session only if there is no other way to the database (docs/decisions/0014). */
const CONNECTS = /^(?:pg|pg-pool|pg-native|knex)(?:\/|$)/;
const MAY_CONNECT = ['session', 'pool', 'types', 'migrate'].map((name) => `src/infra/postgres/${name}.ts`);
const MOST_LINES = 300;
/** In SQL: an index finds what overlaps with a long array only by comparing every row that it finds with all of it. */
const ARRAYS_COMPARED = /&&\s*(?:\$\d|array\[\s*\$|any\s*\(|\(\s*select\b)/i;
const VAGUE = /(?:^|-)(?:aggregate-root|repository|service|manager|helper|helpers|util|utils)(?:-|$)|^handler$/;

/** Every breach of a rule, as `file: what`. */
export function faultsOf(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => {
    const file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ESNext, true);
    const faults = [...importFaults(source.path, file), ...habitFaults(source, file)];
    return faults.map((fault) => `${source.path}: ${fault}`);
  });
}

function importFaults(path: string, file: ts.SourceFile): readonly string[] {
  const zone = zones.find(({ files }) => files.test(path));
  if (!zone) return ['stands in no zone of the architecture'];
  const folder = `${posix.dirname(path)}/`;
  return importsOf(file).flatMap(({ name, asType }) => {
    const target = name.startsWith('.') ? posix.join(folder, name).replace(/\.js$/, '.ts') : name;
    if (EVENT_STORE_CLIENT.test(target) && !path.startsWith('src/infra/event-store/')) {
      return [`imports ${target}, which only src/infra/event-store may`];
    }
    const isOwn = zone.ownFolder === true && posix.dirname(target) === posix.dirname(path);
    const allowed = asType ? [...zone.may, ...(zone.mayAsTypes ?? [])] : zone.may;
    if (!isOwn && !allowed.some((pattern) => pattern.test(target)))
      return [`imports ${target}, which ${zone.name} may not`];
    return asType || !CONNECTS.test(target) || MAY_CONNECT.includes(path)
      ? []
      : [`imports ${target} as more than types: a session is opened by src/engine/postgres/session.ts`];
  });
}

interface Import {
  readonly name: string;
  readonly asType: boolean;
}

/** What a file imports in any way, types too. */
function importsOf(file: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  walk(file, (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const asType = ts.isImportDeclaration(node)
        ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : node.isTypeOnly;
      found.push({ name: (node.moduleSpecifier as ts.StringLiteral).text, asType });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push({ name: (node.argument.literal as ts.StringLiteral).text, asType: true });
    } else if (ts.isCallExpression(node) && isImportCall(node)) {
      const [name] = node.arguments;
      found.push({ name: name && ts.isStringLiteral(name) ? name.text : 'something computed', asType: false });
    }
  });
  return found;
}

function isImportCall({ expression }: ts.CallExpression): boolean {
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === 'require')
  );
}

function habitFaults({ path, text }: Source, file: ts.SourceFile): readonly string[] {
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
  if (ts.isIdentifier(node) && node.text === 'console')
    return !ts.isPropertyAccessExpression(node.parent) || node.parent.expression === node;
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

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}
