/** Who may import whom, and other habits of the house that can be read off the sources. CONTRIBUTING points here. */
import { posix } from 'node:path';
import ts from 'typescript';
import { habitFaults } from './architecture-habits.js';
import { type Source, walk } from './syntax.js';

interface Zone {
  readonly name: string;
  readonly files: RegExp;
  /** What its files may import, besides their own folder: paths of the checkout, or names of packages. */
  readonly may: readonly RegExp[];
  /** What they may import as types only. */
  readonly mayAsTypes?: readonly RegExp[];
  readonly ownFolder?: boolean;
}

const SLICE = 'src/(?:order|user|product|category|stock)';
const PACKAGE = /^(?!src\/|projections\/|migrations\/|test\/|seed\/|scripts\/|bench\/|examples\/|clients\/)/;
const CORE = /^src\/engine\/core\//;
const ENGINE = /^src\/engine\//;
/** The engine's public names, and those that only tests and examples need. */
const FACE = /^src\/engine\/index\.ts$/;
const TESTING = /^src\/engine\/testing\.ts$/;
const VALUES = /^src\/values\.ts$/;
const HTTP = /^src\/http\//;
const FASTIFY = /^@?fastify/;
const ZOD = /^zod$/;
const OUTSIDE = 'http|logging|crypto|documents|access|embedded-postgres';

/** The first that fits a file is its zone. */
const zones: readonly Zone[] = [
  { name: 'engine/core', files: CORE, may: [CORE] },
  { name: 'engine', files: ENGINE, may: [ENGINE, PACKAGE] },
  { name: 'values', files: VALUES, may: [] },
  {
    name: 'answer and examples of a slice',
    files: new RegExp(`^${SLICE}/(?:answer|examples)\\.ts$`),
    may: [VALUES, /^src\/http\/(?:schemas|openapi\/example)\.ts$/, ZOD],
  },
  {
    name: 'stream and routes of a slice',
    files: new RegExp(`^${SLICE}/(?:stream|routes)\\.ts$`),
    may: [FACE, HTTP, VALUES, ZOD],
    mayAsTypes: [FASTIFY],
    ownFolder: true,
  },
  {
    name: 'reactor of a slice',
    files: new RegExp(`^${SLICE}/reactor\\.ts$`),
    may: [FACE, new RegExp(`^${SLICE}/events\\.ts$`)],
    ownFolder: true,
  },
  { name: 'inside of a slice', files: new RegExp(`^${SLICE}/[^/]+$`), may: [FACE, VALUES, ZOD], ownFolder: true },
  {
    name: 'access to the outside',
    files: new RegExp(`^src/(?:${OUTSIDE})/`),
    may: [FACE, VALUES, PACKAGE, new RegExp(`^src/(?:${OUTSIDE})/`)],
  },
  { name: 'forest', files: /^projections\/forest\//, may: [FACE], ownFolder: true },
  {
    name: 'read slice',
    files: /^projections\/[^/]+\//,
    may: [FACE, VALUES, new RegExp(`^${SLICE}/(?:events|answer)\\.ts$`), HTTP, /^projections\/forest\//, ZOD],
    mayAsTypes: [FASTIFY],
    ownFolder: true,
  },
  {
    name: 'commands, ops, import and backup',
    files: /^src\/(?:commands|ops|import|backup)\//,
    may: [
      ...[FACE, VALUES, PACKAGE, new RegExp(`^${SLICE}/`), new RegExp(`^src/(?:${OUTSIDE})/`)],
      ...[/^src\/(?:commands|ops|import|backup)\//, /^src\/streams\.ts$/, /^projections\/index\.ts$/],
      /^migrations\/index\.ts$/,
    ],
  },
  { name: 'root', files: /^(?:src|projections)\/[^/]+\.ts$/, may: [/^/] },
  { name: 'example', files: /^examples\/[^/]+\//, may: [FACE, TESTING, ZOD], ownFolder: true },
  { name: 'client', files: /^clients\/typescript\/src\//, may: [/^openapi-fetch$/], ownFolder: true },
  { name: 'migration', files: /^migrations\//, may: [/^knex$/, /^migrations\/baseline\//], ownFolder: true },
];

/** Every breach of a rule, as `file: what`. */
export function faultsOf(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => {
    const file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ESNext, true);
    const faults = [...importFaults(source.path, file), ...habitFaults(source, file)];
    return faults.map((fault) => `${source.path}: ${fault}`);
  });
}

/** Settings and deadlines are those of every session only if there is no other way to the database (docs/decisions/0014). */
const CONNECTS = /^(?:pg|pg-pool|pg-native|knex)(?:\/|$)/;
const MAY_CONNECT = ['session', 'pool', 'types', 'migrate'].map((name) => `src/engine/postgres/${name}.ts`);
const EVENT_STORE_CLIENT = /^@(?:eventstore|kurrent)\//;
const EVENT_STORE_FOLDER = 'src/engine/log/eventstoredb/';

function importFaults(path: string, file: ts.SourceFile): readonly string[] {
  const zone = zones.find(({ files }) => files.test(path));
  if (!zone) return ['stands in no zone of the architecture'];
  return importsOf(file).flatMap(({ name, asType }) => {
    const target = resolved(path, name);
    if (EVENT_STORE_CLIENT.test(target) && !path.startsWith(EVENT_STORE_FOLDER)) {
      return [`imports ${target}, which only ${EVENT_STORE_FOLDER} may`];
    }
    // Outside code sees the face of the engine, roots too.
    if (
      target.startsWith('src/engine/') &&
      ![FACE, TESTING].some((one) => one.test(target)) &&
      !path.startsWith('src/engine/')
    ) {
      return [`imports ${target}, deeper than the engine's index.ts`];
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

function resolved(path: string, name: string): string {
  return name.startsWith('.') ? posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts') : name;
}

/** Files that import each other in a circle, each circle as one line; types count, too. */
export function circlesOf(sources: readonly Source[]): readonly string[] {
  const imports = new Map(
    sources.map(({ path, text }) => {
      const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
      return [path, importsOf(file).map(({ name }) => resolved(path, name))] as const;
    }),
  );
  const circles: string[] = [];
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (path: string): number => {
    const known = low.get(path);
    if (known !== undefined) return known;
    const index = low.size;
    low.set(path, index);
    stack.push(path);
    let least = index;
    for (const target of imports.get(path) ?? []) {
      if (imports.has(target) && (!low.has(target) || stack.includes(target))) least = Math.min(least, visit(target));
    }
    low.set(path, least);
    if (least === index) {
      const circle = stack.splice(stack.indexOf(path));
      if (circle.length > 1) circles.push(circle.sort().join(' '));
    }
    return least;
  };
  for (const path of imports.keys()) visit(path);
  return circles.sort();
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
