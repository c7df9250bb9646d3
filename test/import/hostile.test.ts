import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { describeImport } from '../../src/import/describe.js';
import type { Finding } from '../../src/import/findings.js';
import { importFolder, type ImportResult, type Sink } from '../../src/import/run.js';
import { nothingStored } from '../../src/import/stored.js';
import type { Pieces } from '../../src/commands/output.js';
import { temporaryFolder } from '../support/orderlog.js';
import { good, options } from './folder.js';

/** What people, spreadsheets and attackers put into a field. */
const VALUES = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e9',
    '1.23E+12',
    '9007199254740993',
    '9'.repeat(400),
    'NaN',
    'null',
    'true',
    '#REF!',
    '=1+1',
  ],
  ...[
    '\u0000',
    '\u001b[2J',
    '\u0007',
    '\u009b',
    '\u202e',
    '\u2028',
    '\ufeff',
    '\ud800',
    '\ufffd',
    '😀'.repeat(300),
    'x'.repeat(70_000),
  ],
  ...[
    '"',
    '""',
    '"a',
    'a"b',
    "'",
    ',',
    ';',
    '|',
    '1|1',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '\\',
    '\\u0000',
    '{',
    '}',
    '[',
    ']',
    '[]',
    '{}',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '../../etc/passwd',
    'u1',
    'o1',
    'S-1',
    '3',
    'USD',
    '2011-01-02T03:04:05Z',
    '9999-99-99',
  ],
  ...[
    '{"\\u0000number":"5"}',
    '"\\ud800"',
    '['.repeat(5_000),
    '%s%n',
    '${x}',
    '<html>',
    'sep=,',
    'PK\u0003\u0004',
    '\u001f\u008b',
  ],
];
const VALUE = fc.constantFrom(...VALUES);
const SEPARATORS = [',', '\n', ':', '"', '|', '{', '}'];

type Change = (bytes: Buffer) => Buffer;
const at = (bytes: Buffer, where: number): number => Math.floor(where * (bytes.length + 1));
const spliced = (bytes: Buffer, from: number, to: number, between: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]);
const where = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(where, fc.nat(255)).map(
    ([place, byte]): Change =>
      (bytes) =>
        spliced(bytes, at(bytes, place), at(bytes, place) + 1, Buffer.from([byte])),
  ),
  fc.tuple(where, fc.uint8Array({ maxLength: 8 })).map(
    ([place, more]): Change =>
      (bytes) =>
        spliced(bytes, at(bytes, place), at(bytes, place), Buffer.from(more)),
  ),
  fc.tuple(where, where).map(
    ([a, b]): Change =>
      (bytes) =>
        spliced(bytes, at(bytes, Math.min(a, b)), at(bytes, Math.max(a, b)), Buffer.alloc(0)),
  ),
  fc.tuple(where, where).map(
    ([a, b]): Change =>
      (bytes) =>
        Buffer.concat([bytes, bytes.subarray(at(bytes, Math.min(a, b)), at(bytes, Math.max(a, b)))]),
  ),
  fc.tuple(where, VALUE).map(
    ([place, value]): Change =>
      (bytes) =>
        inField(bytes, place, value),
  ),
  fc.tuple(fc.constantFrom(...SEPARATORS), VALUE).map(
    ([one, other]): Change =>
      (bytes) =>
        Buffer.from(bytes.toString('latin1').replaceAll(one, other.slice(0, 3)), 'latin1'),
  ),
  fc.constantFrom<Change[]>(
    (bytes) => Buffer.from(bytes.toString(), 'utf16le'),
    (bytes) => Buffer.from(bytes.toString(), 'latin1'),
    (bytes) => Buffer.concat([Buffer.from('\ufeff'), bytes]),
    (bytes) => gzipSync(bytes),
    (bytes) => Buffer.concat([bytes, Buffer.alloc(600)]),
    () => Buffer.alloc(0),
  ),
);

/** Puts a value between two separators. */
function inField(bytes: Buffer, place: number, value: string): Buffer {
  const isSeparator = (byte: number | undefined): boolean =>
    byte === undefined || '",:\n{}[]|'.includes(String.fromCharCode(byte));
  let from = at(bytes, place);
  while (from > 0 && !isSeparator(bytes[from - 1])) from--;
  let to = from;
  while (to < bytes.length && !isSeparator(bytes[to])) to++;
  return spliced(bytes, from, to, Buffer.from(value));
}

const NAMES = Object.keys(good);
const mutation = fc.record({
  file: fc.constantFrom(...NAMES),
  changes: fc.array(change, { minLength: 1, maxLength: 3 }),
  packed: fc.boolean(),
  packedChanges: fc.array(change, { maxLength: 1 }),
});

/** Carries out nothing, and knows what it was sent. */
class Counter implements Sink {
  sent = 0;
  readonly names = new Set<string>();
  addCategories(batch: readonly { cat_id: number; parent_cat_id: number | null }[]): Promise<number> {
    for (const { cat_id, parent_cat_id } of batch) {
      if (parent_cat_id !== null) this.#needs(`category ${parent_cat_id}`);
      this.names.add(`category ${cat_id}`);
    }
    return this.#took(batch.length);
  }
  addProduct(row: { product_id: number; cat_ids: readonly number[] }): Promise<number> {
    for (const id of row.cat_ids) this.#needs(`category ${id}`);
    this.names.add(`product ${row.product_id}`);
    return this.#took(2);
  }
  countStock(row: { product_id: number }): Promise<number> {
    this.#needs(`product ${row.product_id}`);
    return this.#took(1);
  }
  registerUser(row: { user_id: string }): Promise<number> {
    this.names.add(`user ${row.user_id}`);
    return this.#took(2);
  }
  placeOrder(row: { user_id: string; items: readonly { product_id: number }[] }): Promise<number> {
    this.#needs(`user ${row.user_id}`);
    for (const { product_id } of row.items) this.#needs(`product ${product_id}`);
    return this.#took(1);
  }
  retireProduct(row: { product_id: number }): Promise<number> {
    this.#needs(`product ${row.product_id}`);
    return this.#took(1);
  }
  eraseUser(row: { user_id: string }): Promise<number> {
    this.#needs(`user ${row.user_id}`);
    return this.#took(1);
  }
  #needs(name: string): void {
    if (!this.names.has(name)) throw new Error(`${name} was not sent before`);
  }
  #took(events: number): Promise<number> {
    this.sent += events;
    return Promise.resolve(events);
  }
}

const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/u;

function faultOfFinding(dir: string, { file, line, column, value, message }: Finding): string | null {
  const path = join(dir, file);
  if (!existsSync(path)) return `there is no file ${file}`;
  const lines = linesOf(path);
  if (!Number.isInteger(line) || line < (file.endsWith('.gz') ? 0 : 1) || line > lines + 1)
    return `line ${line} of ${lines}`;
  if (message === '' || /undefined|\[object|NaN|\bat \S+:\d+/.test(message.replace(/:.*/s, '')))
    return `message ${message}`;
  if (message.length > 600 || [...value].length > 201 || [...column].length > 201) return 'is not shortened';
  return null;
}

function linesOf(path: string): number {
  const bytes = readFileSync(path);
  try {
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1').split('\n').length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function faultOfResult(dir: string, result: ImportResult, sink: Counter, onError: 'stop' | 'report'): string | null {
  const { findings, appended } = result;
  if (appended !== sink.sent) return `${appended} of ${sink.sent} events`;
  if (onError === 'stop' && findings.length > 0 && sink.sent > 0) return 'something was appended';
  const { text, document, exitCode } = describeImport(result, false);
  if (exitCode !== (findings.length > 0 ? 1 : 0)) return `exit code ${exitCode}`;
  if (OBEYED.test(text)) return `the text is ${JSON.stringify(text)}`;
  const told = JSON.parse([...(document as Pieces).pieces].join('')) as { findings: Finding[] };
  if (told.findings.length !== findings.length) return 'not all findings are told';
  return told.findings.map((finding) => faultOfFinding(dir, finding)).find((fault) => fault !== null) ?? null;
}

void t.test(
  'whatever the files hold: no crash, and either findings that name file and line, or all is imported',
  async (t) => {
    const dir = temporaryFolder(t);
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 2 }),
        fc.constantFrom('stop', 'report'),
        async (mutations, onError) => {
          for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
          const files = new Map<string, Buffer>(Object.entries(good).map(([name, text]) => [name, Buffer.from(text)]));
          for (const { file, changes } of mutations) {
            files.set(
              file,
              changes.reduce<Buffer>((bytes, one) => one(bytes), files.get(file) as Buffer),
            );
          }
          const packing = new Map(
            mutations.map(({ file, packed, packedChanges }) => [file, packed ? packedChanges : null]),
          );
          for (const [name, bytes] of files) {
            const changes = packing.get(name) ?? null;
            if (changes === null) writeFileSync(join(dir, name), bytes);
            else
              writeFileSync(
                join(dir, `${name}.gz`),
                changes.reduce<Buffer>((all, one) => one(all), gzipSync(bytes)),
              );
          }
          const sink = new Counter();
          const result = await importFolder(dir, nothingStored, sink, { ...options, onError });
          return t.equal(faultOfResult(dir, result, sink, onError), null);
        },
      ),
      { seed: Number(process.env['HOSTILE_SEED'] ?? 20_261_128), numRuns: Number(process.env['HOSTILE_RUNS'] ?? 250) },
    );
  },
);
