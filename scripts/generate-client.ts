/**
 * `npm run client:types`: writes what the TypeScript client takes from the OpenAPI document to clients/typescript/src/generated.ts.
 * The document is that of `orderlog serve`, on an empty database in a temporary folder.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import openapiTS, { addJSDocComment, astToString, type OpenAPI3 } from 'openapi-typescript';
import { format } from 'prettier';
import ts from 'typescript';
import { serve, stopServers } from '../bench/processes.js';

export interface ClientDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface DocumentOperation {
  readonly operationId: string;
  /** That may call it; everybody may call one without. */
  readonly 'x-roles'?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly { readonly name?: string; readonly in?: string }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Schema {
  readonly $ref?: string;
  readonly format?: string;
  readonly properties?: object;
}

const HEAD = '// Written by `npm run client:types` from the OpenAPI document. Changes by hand are lost.';

/** The text of generated.ts: the types of schemas and operations, the table of operations, and who may call which. */
export async function generateClient(document: ClientDocument): Promise<string> {
  const paths = mapValues(document.paths, (methods) => mapValues(methods, essence));
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, one]) => [one.operationId, entryOf(method.toUpperCase(), path, one, document)] as const,
    ),
  );
  const lean = { ...document, paths, components: { schemas: used(paths, document) } };
  const nodes = await openapiTS(withoutExamples(lean) as OpenAPI3, {
    immutable: true,
    defaultNonNullable: false,
    silent: true,
    transform: (schema) => (schema.format === 'binary' ? ts.factory.createTypeReferenceNode('Blob') : undefined),
  });
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  const types = nodes.filter((node) => ts.isInterfaceDeclaration(node)).filter(({ name }) => KEPT.includes(name.text));
  for (const { members } of types) members.forEach((member) => comment(member, operations));
  const roles = operations.map(({ operationId, 'x-roles': may = null }) => [operationId, may] as const);
  const text = [
    HEAD,
    astToString(types),
    `export const table = ${JSON.stringify(Object.fromEntries(entries))} as const;`,
    `export const roles = ${JSON.stringify(Object.fromEntries(roles))} as const;`,
  ].join('\n\n');
  return format(text, { parser: 'typescript', printWidth: 120, singleQuote: true });
}

const KEPT: readonly string[] = ['components', 'operations'];

/** An operation without its headers and problems: the client has one way with these for all of them. */
function essence(operation: DocumentOperation): DocumentOperation {
  const answers = Object.entries(operation.responses).filter(([, { content = {} }], index) =>
    index === 0 ? true : 'application/json' in content,
  );
  return {
    ...operation,
    parameters: (operation.parameters ?? []).filter((parameter) => parameter.in === 'path' || parameter.in === 'query'),
    responses: Object.fromEntries(
      answers.map(([status, { content }]) => [status, { description: '', ...(content && { content }) }]),
    ),
  };
}

/** The schemas that paths refer to, and those that these refer to; the problem, as every operation may end with one. */
function used(paths: object, { components }: ClientDocument): Record<string, Schema> {
  const names = new Set<string>();
  const look = (part: object): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) add(name);
  };
  const add = (name: string): void => {
    if (names.has(name)) return;
    names.add(name);
    look(components.schemas[name] ?? {});
  };
  add('Problem');
  look(paths);
  return Object.fromEntries([...names].sort().map((name) => [name, components.schemas[name] ?? {}]));
}

/** As comments, they would be longer than the types. */
function withoutExamples(document: object): unknown {
  return JSON.parse(JSON.stringify(document), (name, value: unknown) => (/^examples?$/.test(name) ? undefined : value));
}

/** The text of an operation stands at its type: editors show it at the method of the client. */
function comment(member: ts.TypeElement, operations: readonly DocumentOperation[]): void {
  const name = member.name && ts.isIdentifier(member.name) ? member.name.text : null;
  const operation = operations.find(({ operationId }) => operationId === name);
  if (operation) addJSDocComment({ ...operation }, member as ts.PropertySignature);
}

function entryOf(method: string, path: string, operation: DocumentOperation, { components }: ClientDocument): object {
  const { operationId, parameters = [], requestBody, responses } = operation;
  if (requestBody && parameters.some((parameter) => parameter.in === 'query')) {
    throw new Error(`${operationId} has a body and a query: the client can't tell their fields apart`);
  }
  const [{ content = {} } = {}] = Object.values(responses);
  const answers503 = '503' in responses;
  return {
    ...{ method, path },
    ...(requestBody && { body: 'multipart/form-data' in requestBody.content ? 'form' : 'json' }),
    answer: answerOf(content, components.schemas),
    ...(answers503 && { answers503 }),
  };
}

function answerOf(
  content: Content,
  schemas: ClientDocument['components']['schemas'],
): 'json' | 'list' | 'text' | 'blob' {
  const json = content['application/json']?.schema;
  const properties = schemas[json?.$ref?.replace('#/components/schemas/', '') ?? '']?.properties ?? {};
  if (json || Object.keys(content).length === 0) return 'next' in properties ? 'list' : 'json';
  return Object.values(content).some(({ schema }) => schema?.format === 'binary') ? 'blob' : 'text';
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'orderlog-client-'));
  // Run as root, the server is another user's.
  chmodSync(folder, 0o711);
  try {
    const { url } = await serve({ ORDERLOG_DATA_DIR: folder, SEED: 'none', HOME: folder });
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as ClientDocument;
    const target = join(import.meta.dirname, '../../clients/typescript/src/generated.ts');
    writeFileSync(target, await generateClient(document));
  } finally {
    await stopServers();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
