import fc from 'fast-check';
import t from 'tap';
import { jsonFault } from '../../../src/engine/core/json-fault.js';

const CASES: readonly (readonly [text: string, fault: string])[] = [
  ['', 'in column 1, a value is missing'],
  ['{"a":1', 'in column 7, the { in column 1 has no }'],
  ['{\n  "a": [1,\n 2\n', 'in line 4, column 1, the [ in line 2, column 8 has no ]'],
  ['{"a":1,}', 'in column 8, the } must not stand behind a comma'],
  ['{\n  "a": 1,\n  "b": 2,\n}\n', 'in line 4, column 1, the } must not stand behind a comma'],
  ['[1,]', 'in column 4, the ] must not stand behind a comma'],
  ['[,1]', 'in column 2, a value is missing'],
  ['{"a":}', 'in column 6, a value is missing'],
  ['{,}', 'in column 2, a name in double quotes is missing'],
  ['{"a":1\n "b":2}', 'in line 2, column 2, a comma or } is missing'],
  ['[1 2]', 'in column 4, a comma or ] is missing'],
  ['{"a":[1}', 'in column 8, a comma or ] is missing'],
  ['{a:1}', 'in column 2, a name in double quotes is missing'],
  ["{'a':1}", 'in column 2, a name in double quotes is missing'],
  ['{"a":\'secret\'}', 'in column 6, a text must stand in double quotes'],
  ['{"a" 1}', 'in column 6, a colon is missing behind the name'],
  ['{"a"', 'in column 5, a colon is missing behind the name'],
  ['{"a":secret}', 'in column 6, a word stands without double quotes that is not true, false or null'],
  ['{"a":True}', 'in column 6, a word stands without double quotes that is not true, false or null'],
  ['{"a":01}', 'in column 6, the number is not written like 12, -0.5 or 1e3'],
  ['{"a":.5}', 'in column 6, the number is not written like 12, -0.5 or 1e3'],
  ['{"a":5.}', 'in column 6, the number is not written like 12, -0.5 or 1e3'],
  ['{"a":+5}', 'in column 6, the number is not written like 12, -0.5 or 1e3'],
  ['{"a":-}', 'in column 6, the number is not written like 12, -0.5 or 1e3'],
  ['{"a":"secret}', 'in column 6, the text has no closing quote'],
  ['{"a":"secret\n"}', 'in line 1, column 6, the text has no closing quote on its line'],
  ['{"a":"\t"}', 'in column 7, a control character must be written as \\t or \\u0009, say'],
  ['{"a":"\\x"}', 'in column 7, the backslash begins none of the escapes of JSON'],
  ['{"a":"\\u12"}', 'in column 7, the backslash begins none of the escapes of JSON'],
  ['{"a":1} {}', 'in column 9, something stands behind the value: only one is allowed'],
  ['{"a":1 // why\n}', 'in line 1, column 8, a / stands outside of a text: JSON has no comments'],
  ['{"😀é":x}', 'in column 7, a word stands without double quotes that is not true, false or null'],
  ['\u00a0{}', 'in column 1, a value is missing'],
];

void t.test('the place and the fault are told, and nothing of the text', async (t) => {
  for (const [text, fault] of CASES) t.equal(jsonFault(text), fault, text);
});

void t.test('a fault is found where JSON.parse finds one, and nowhere else', async (t) => {
  const characters = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    'u',
    '0',
    '1',
    '-',
    '.',
    'e',
    '\n',
    ' ',
    'true',
    'null',
    '/',
  ];
  const text = fc.oneof(
    fc.json(),
    fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 }),
    fc.tuple(fc.json(), fc.nat(), fc.nat(3), fc.constantFrom('', ...characters)).map(([json, at, cut, put]) => {
      const from = at % (json.length + 1);
      return json.slice(0, from) + put + json.slice(from + cut);
    }),
  );
  fc.assert(
    fc.property(text, (one) => {
      let isJson = true;
      try {
        JSON.parse(one);
      } catch {
        isJson = false;
      }
      return (jsonFault(one) === null) === isJson;
    }),
    { numRuns: 5_000 },
  );
  t.equal(jsonFault('['.repeat(200_000) + ']'.repeat(200_000)), null);
  t.match(jsonFault('['.repeat(200_000)), /in column 200001, the \[ in column 200000 has no \]/);
});
