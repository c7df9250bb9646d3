import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Test } from 'tap';
import type { JsonObject } from '../../../src/engine/core/message.js';
import { collect, freshCategory, type LogUnderTest, newEvent } from './case.js';

const awkward: JsonObject = {
  beyond_safe: '9007199254740993',
  largest: Number.MAX_SAFE_INTEGER,
  smallest: -Number.MAX_SAFE_INTEGER,
  fraction: 0.1,
  tiny: 5e-324,
  huge: 1.7976931348623157e308,
  empty_object: {},
  empty_list: [],
  empty_text: '',
  nothing: null,
  truth: [true, false],
  nested: { a: { b: { c: [{}, [], [[]], null] } } },
  unicode: 'Grüße, 你好, שלום, 👩‍👩‍👧‍👦, e\u0301',
  controls: '\u0000 \u0001 \t \n \r \u001f \u007f \u2028 \u2029 \ufeff',
  half_a_pair: '\ud800',
  quoting: `"double" 'single' \\ \\\\ {curly} {"a","b"} NULL null $1 -- /* */ , ; \\u0000`,
  '': 'a name without a letter',
  'na"me\\\u0000': 'a name that needs escapes',
  __proto: 1,
  z: 'order of names',
  a: 'is kept',
  10: 'as JSON.parse gives it',
};

export async function keeping(t: Test, { store }: LogUnderTest): Promise<void> {
  const { stream } = freshCategory();

  await t.test('JSON comes back as it went in', async (t) => {
    const name = stream();
    await store.append(name, [{ ...newEvent('Kept', awkward), metadata: awkward }], 'none');
    const [event] = await collect(store.read(name));
    t.strictSame(event?.data, awkward);
    t.equal(JSON.stringify(event?.data), JSON.stringify(awkward), 'with its names in the same order');
    t.equal(JSON.stringify(event?.metadata), JSON.stringify(awkward), 'in the metadata too');
  });

  await t.test('any JSON comes back as it went in', async () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }));
    await fc.assert(
      fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 20 }), async (datas) => {
        const name = stream();
        const asJson = datas.map((data) => JSON.stringify(data));
        const events = asJson.map((text) => newEvent('Kept', JSON.parse(text) as JsonObject));
        await store.append(name, events, 'none');
        const kept = (await collect(store.read(name))).map((event) => JSON.stringify(event.data));
        assert.deepEqual(kept, asJson);
      }),
      { numRuns: 50 },
    );
  });

  await t.test('changing what was appended, or what was read, changes nothing in the log', async (t) => {
    const name = stream();
    const data = { list: [1] };
    await store.append(name, [newEvent('Kept', data)], 'none');
    data.list.push(2);
    const [event] = await collect(store.read(name));
    t.same(event?.data, { list: [1] });
    (event?.data['list'] as number[]).push(3);
    t.same((await collect(store.read(name)))[0]?.data, { list: [1] });
  });

  await t.test('recorded times never run backwards along the log', async (t) => {
    const { prefix, stream } = freshCategory();
    const begin = await store.head();
    await Promise.all(Array.from({ length: 50 }, () => store.append(stream(), [newEvent(), newEvent()], 'none')));
    const times = (await collect(store.readAll({ from: begin, filter: { streamPrefixes: [prefix] } }))).map(
      (e) => e.recordedAt,
    );
    t.equal(times.length, 100);
    t.same(times, times.toSorted());
    t.ok(Math.abs(Date.now() - Date.parse(times.at(-1) ?? '')) < 60_000, 'they are about now');
  });
}
