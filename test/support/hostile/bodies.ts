/** Bodies that begin as valid ones and are then spoiled: JSON by its text, forms by their bytes. */
import type { Dice } from './dice.js';
import type { Schema } from './document.js';
import { JSON_TEXTS, MEMBERS, spoiled, TEXTS } from './values.js';

/** Ids of what is there, by the name of the member or parameter that takes them. */
export type Living = Readonly<Record<string, readonly (string | number)[]>>;

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const MARK = '@@hostile@@';
export const BOUNDARY = 'hostile-boundary';

/** A value that the schema accepts. Ids are those of what is there. */
function valid(schema: Schema, name: string, living: Living, dice: Dice): Json {
  const known = Object.hasOwn(living, name) ? living[name] : undefined;
  if (known && known.length > 0) return dice.one(known);
  if (schema.anyOf) return valid(dice.one(schema.anyOf), name, living, dice);
  if (schema.enum) return dice.one(schema.enum) as Json;
  const type = typeof schema.type === 'string' ? schema.type : dice.one(schema.type ?? ['string']);
  if (type === 'object') {
    const members = Object.entries(schema.properties ?? {});
    const kept = members.filter(([key]) => schema.required?.includes(key) === true || dice.chance(2));
    return Object.fromEntries(kept.map(([key, one]) => [key, valid(one, key, living, dice)]));
  }
  if (type === 'array') {
    const item = singular(name);
    return Array.from({ length: 1 + dice.below(3) }, () => valid(schema.items ?? {}, item, living, dice));
  }
  if (type === 'integer' || type === 'number')
    return Math.min((schema.minimum ?? 0) + dice.below(5), schema.maximum ?? 5);
  if (type === 'boolean') return dice.chance(2);
  if (type === 'null') return null;
  if (name === 'email') return `user-${dice.below(1_000_000)}@shop.test`;
  if (name === 'currency') return 'USD';
  return `Text ${dice.below(1_000_000)}`;
}

/** Such a value as a field of a form or a query has it. */
export function validText(schema: Schema, name: string, living: Living, dice: Dice): string {
  const value = valid(schema, name, living, dice);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The bytes of a JSON body: half of them valid but for one value, the others spoiled as a whole. */
export function jsonBody(schema: Schema, living: Living, dice: Dice): Buffer {
  const value = valid(schema, '', living, dice);
  const choice = dice.below(5);
  if (choice === 0) return Buffer.from(JSON.stringify(value));
  if (choice === 1) return spoiled(Buffer.from(JSON.stringify(value)), dice);
  if (choice === 2) return Buffer.from(dice.one(JSON_TEXTS));
  const nodes = nodesOf(value);
  const at = dice.one(nodes);
  if (choice === 3) {
    const inserted = dice.chance(2) ? dice.one(JSON_TEXTS) : JSON.stringify(dice.one(TEXTS));
    return Buffer.from(textWith(value, at, `"${MARK}"`).replace(`"${MARK}"`, () => inserted));
  }
  // A member that nobody asked for, or one that is there already, once more.
  const keys = nodes.flatMap((path) => path.slice(-1)).filter((step) => typeof step === 'string');
  const twice = keys.length > 0 ? `${JSON.stringify(dice.one(keys))}:${dice.one(JSON_TEXTS)}` : dice.one(MEMBERS);
  const member = dice.chance(2) ? dice.one(MEMBERS) : twice;
  const text = JSON.stringify(value);
  const objects = [...text.matchAll(/\{/g)].map(({ index }) => index);
  if (objects.length === 0) return Buffer.from(`{${member}}`);
  const open = dice.one(objects) + 1;
  return Buffer.from(`${text.slice(0, open)}${member}${text[open] === '}' ? '' : ','}${text.slice(open)}`);
}

/** The bytes of a form with a file, and of what is wrong with it. */
export function formBody(schema: Schema, living: Living, pdf: Buffer, dice: Dice): Buffer {
  const parts: Buffer[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const file = property.format === 'binary';
    const times = dice.chance(10) ? dice.below(3) : 1;
    for (let i = 0; i < times; i++)
      parts.push(partOf(dice.chance(12) ? dice.one(TEXTS) : name, file, property, living, pdf, dice));
  }
  if (dice.chance(12)) parts.reverse();
  if (dice.chance(15)) parts.push(...Array.from({ length: 1_500 }, (_, n) => field(`f${n}`, '', Buffer.from('x'))));
  const end = dice.chance(10) ? Buffer.alloc(0) : Buffer.from(`--${BOUNDARY}--\r\n`);
  const body = Buffer.concat([...parts, end]);
  return dice.chance(6) ? spoiled(body, dice) : body;
}

const FILE_NAMES = [
  'proof.pdf',
  '../../etc/passwd',
  'a\u0000.pdf',
  '',
  'x'.repeat(5_000),
  'a".pdf',
  'CON',
  '%2e%2e%2f',
  'ünï.pdf',
];
const PART_HEADERS = [
  'content-transfer-encoding: base64\r\n',
  'content-type: multipart/mixed; boundary=inner\r\n',
  'content-type: text/html\r\n',
  'x: y\r\n'.repeat(500),
  'content-disposition: form-data; name="role"\r\n',
  `x: ${'y'.repeat(20_000)}\r\n`,
  ': \r\n',
];

function partOf(name: string, file: boolean, schema: Schema, living: Living, pdf: Buffer, dice: Dice): Buffer {
  const asFile = dice.chance(10) ? !file : file;
  const extra = dice.chance(8) ? dice.one(PART_HEADERS) : '';
  const names = asFile ? `; filename="${dice.chance(4) ? dice.one(FILE_NAMES) : 'proof.pdf'}"` : '';
  const text = (): Buffer => Buffer.from(dice.chance(5) ? dice.one(TEXTS) : validText(schema, name, living, dice));
  const content = file ? (dice.chance(4) ? spoiled(pdf, dice) : pdf) : text();
  return field(
    name,
    `${names}\r\n${asFile ? 'content-type: application/pdf\r\n' : ''}${extra}`.replace(/\r\n$/, ''),
    content,
  );
}

function field(name: string, rest: string, content: Buffer): Buffer {
  const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${rest}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), content, Buffer.from('\r\n')]);
}

type Path = readonly (string | number)[];

/** The path of every value in a value, of the whole first. */
function nodesOf(value: Json, path: Path = []): Path[] {
  if (value === null || typeof value !== 'object') return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, below]) =>
      nodesOf(below, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

/** The text of a value with another one at one path. */
function textWith(value: Json, path: Path, inserted: string): string {
  const [step, ...rest] = path;
  if (step === undefined) return inserted;
  const members = Object.entries(value as object).map(([key, below]) => {
    const text = key === String(step) ? textWith(below as Json, rest, inserted) : JSON.stringify(below);
    return Array.isArray(value) ? text : `${JSON.stringify(key)}:${text}`;
  });
  return Array.isArray(value) ? `[${members.join()}]` : `{${members.join()}}`;
}

function singular(name: string): string {
  return name.replace(/s$/, '');
}
