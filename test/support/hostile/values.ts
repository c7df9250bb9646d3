/** What hostile requests are made of. */
import type { Dice } from './dice.js';

const LONG = 20_000;
const DEEP = 5_000;

/** As text: of names, ids, search terms and parameters. */
export const TEXTS: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '1e3',
  '1.5',
  '01',
  '0x10',
  '2147483647',
  '2147483648',
  '9007199254740993',
  '1e400',
  'NaN',
  'null',
  'true',
  'undefined',
  '__proto__',
  'constructor',
  'toString',
  '..',
  '../../etc/passwd',
  "' or 1=1 --",
  '"; drop table orders; --',
  '$1',
  '{{7*7}}',
  '${jndi:ldap://x}',
  '<script>alert(1)</script>',
  '\u0000',
  'a\u0000b',
  '\u0007\u001b[31m',
  '\ufeff',
  '\ufffd',
  '\u202eabc',
  'e\u0301',
  'İ',
  'ß',
  '👩‍👩‍👧‍👦',
  '\ud7ff\ue000',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '01A20BCC-CC54-775B-BB6C-67C5D407A7BE',
  '{01a20bcc-cc54-775b-bb6c-67c5d407a7be}',
  'urn:uuid:01a20bcc-cc54-775b-bb6c-67c5d407a7be',
  '2026-01-31T09:30:00Z',
  '9999-12-31T23:59:60Z',
  '0000-00-00T00:00:00Z',
  '2026-02-30T00:00:00+25:00',
  'a'.repeat(300),
  'ä'.repeat(LONG),
];

/** As the text of a JSON value. */
export const JSON_TEXTS: readonly string[] = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '0.1',
  '1e3',
  '1E400',
  '-1e400',
  '1e-400',
  '9007199254740993',
  '123456789012345678901234567890',
  '""',
  '" "',
  '"1"',
  '[]',
  '{}',
  '[null]',
  '[[[[]]]]',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u202e"',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  `"${'x'.repeat(LONG)}"`,
  `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
  `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  `[${'1,'.repeat(LONG)}1]`,
  '9'.repeat(5_000),
];

/** A member that is added to an object. */
export const MEMBERS: readonly string[] = [
  '"__proto__":{"admin":true}',
  '"constructor":{"prototype":{}}',
  '"hasOwnProperty":1',
  '"toString":null',
  '"":1',
  '"role":"admin"',
  '"at":"2020-01-01T00:00:00Z"',
  '"status":"paid"',
  '"a\\u0000":1',
  `"${'k'.repeat(LONG)}":1`,
];

/** Text of a header: what Node's client lets through. */
export const HEADER_TEXTS: readonly string[] = [
  '',
  '*',
  '"0"',
  '0',
  'W/"1"',
  '"-1"',
  '"1", "2"',
  '"99999999999999999999"',
  'wait=0',
  'wait=1',
  'wait=-1',
  'wait=1e9',
  'handling=lenient, wait=1',
  'wait=1;wait=0',
  ',,;="',
  'q=1',
  'text/html',
  '*/*;q=0',
  'application/json;charset=utf-16',
  'application/vnd.api+json',
  'gzip, br;q=0.5',
  'identity;q=0',
  'bytes=0-',
  'bytes=-1,0-0',
  'Bearer',
  'Bearer x',
  'Basic YTpi',
  'bearer null',
  '127.0.0.1',
  'for=1.2.3.4;proto=https',
  '\u00ff\u00fe',
  'x'.repeat(4_000),
  '__proto__',
  'Sat, 31 Feb 2026 00:00:00 GMT',
];

export const HEADER_NAMES: readonly string[] = [
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-language',
  'cookie',
  'forwarded',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'min-log-position',
  'prefer',
  'range',
  'traceparent',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-http-method-override',
  'x-request-id',
];

export const CONTENT_TYPES: readonly string[] = [
  'application/json',
  'application/json; charset=utf-16',
  'application/json;charset="utf-8"',
  'application/merge-patch+json',
  'application/problem+json',
  'application/x-www-form-urlencoded',
  'application/xml',
  'application/octet-stream',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary=b',
  'multipart/mixed; boundary=b',
  'text/plain',
  'text/json',
  'json',
  ';',
];

type Spoil = (body: Buffer, dice: Dice) => Buffer;

const SPOILS: readonly Spoil[] = [
  () => Buffer.alloc(0),
  (body, dice) => body.subarray(0, dice.below(body.length + 1)),
  (body) => Buffer.concat([body, Buffer.from('}')]),
  (body) => Buffer.concat([body, body]),
  (body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]),
  (body) => Buffer.from(`\ufeff${body.toString('utf8')}`, 'utf16le'),
  (body) => Buffer.concat([Buffer.alloc(1_000, ' '), body]),
  (body) => Buffer.concat([body, Buffer.alloc(1_100_000, ' ')]),
  (body, dice) => flipped(body, dice),
  (body, dice) => Buffer.concat([body.subarray(0, body.length >> 1), Buffer.from([0xff, dice.below(256), 0x00])]),
];

/** A body after one of the changes, whatever it holds. */
export function spoiled(body: Buffer, dice: Dice): Buffer {
  return dice.one(SPOILS)(body, dice);
}

function flipped(body: Buffer, dice: Dice): Buffer {
  const changed = Buffer.from(body);
  if (changed.length > 0) changed[dice.below(changed.length)] = dice.below(256);
  return changed;
}
