import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { z } from 'zod';
import { canonicalJson } from '../../src/crypto/canonical-json.js';
import { comparableEmail, deriveUuid, emailHash, fingerprint } from '../../src/crypto/derive.js';

const key = createSecretKey(Buffer.alloc(32, 1));
const otherKey = createSecretKey(randomBytes(32));

t.test('derives the same UUID from the same parts for ever, and another one with another key', async (t) => {
  // Recorded: what was derived once must be found again.
  t.equal(deriveUuid(key, 'order', 'ref-1'), '5dbb468a-4ed8-8f66-8b34-0c541f739c6b');
  t.not(deriveUuid(key, 'order', 'ref-1'), deriveUuid(otherKey, 'order', 'ref-1'));
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (purpose, parts) => {
      z.uuid({ version: 'v8' }).parse(deriveUuid(key, purpose, ...parts));
    }),
  );
});

t.test('different parts never derive the same id, however they are cut', async (t) => {
  const parts = fc.array(fc.string({ maxLength: 3, unit: fc.constantFrom('a', '1', ':', '') }), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      const same = JSON.stringify(left) === JSON.stringify(right);
      return (deriveUuid(key, 'p', ...left) === deriveUuid(key, 'p', ...right)) === same;
    }),
    { numRuns: 1_000 },
  );
  t.not(deriveUuid(key, 'order', 'x'), deriveUuid(key, 'user', 'x'));
  t.not(deriveUuid(key, 'p', 'a', 'b'), deriveUuid(key, 'p', 'ab'));
  t.not(deriveUuid(key, 'p', 'a', ''), deriveUuid(key, 'p', 'a'));
});

t.test('addresses that compare equal have one hash, others another', async (t) => {
  t.equal(comparableEmail('  Ann@Example.ORG\n'), 'ann@example.org');
  t.equal(emailHash(key, 'Zoe\u0308@x.org'), emailHash(key, ' zo\u00eb@X.org '), 'composed or not');
  t.equal(emailHash(key, '\u03aa\u0301@x.org'), emailHash(key, '\u0390@x.org'), 'composed in lower case only');
  t.equal(emailHash(key, 'ann@x.org'), '6297136dba25cde369b8a93b18d00d20', 'recorded: for ever the same');
  t.not(emailHash(key, 'ann@x.org'), emailHash(key, 'anne@x.org'));
  t.not(emailHash(key, 'ann@x.org'), emailHash(otherKey, 'ann@x.org'));
  t.match(emailHash(key, 'ann@x.org'), /^[\da-f]{32}$/);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      t.equal(comparableEmail(comparableEmail(text)), comparableEmail(text));
    }),
  );
});

t.test('a fingerprint knows what a command asks for and not in which order it was written', async (t) => {
  const print = (content: unknown, type = 'PlaceOrder'): string => fingerprint(key, type, content);
  t.equal(print({ b: [2, 'x'], a: 1 }), 'mF1WO3ZBwJZNsVR2VKFsRw', 'recorded: for ever the same');
  t.equal(print({ a: 1, b: { c: [1, 2], d: null } }), print({ b: { d: null, c: [1, 2] }, a: 1 }));
  t.equal(print({ a: 1, b: undefined }), print({ a: 1 }));
  for (const other of [{ a: 2 }, { a: '1' }, { b: 1 }, { a: [1] }, { a: null }, { a: { a: 1 } }, {}, [], null]) {
    t.not(print({ a: 1 }), print(other), JSON.stringify(other));
  }
  t.not(print({ a: [1, 2] }), print({ a: [2, 1] }));
  t.not(print({ a: 1 }), print({ a: 1 }, 'CancelOrder'));
  t.not(print({ a: 1 }), fingerprint(otherKey, 'PlaceOrder', { a: 1 }));
});

t.test('canonical JSON is JSON of the same value, and refuses what JSON can not hold', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      t.same(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
  for (const value of [Number.NaN, Infinity, 1n, () => 1, Symbol('x'), new Date(), new Map(), [undefined]]) {
    t.throws(() => canonicalJson(value), TypeError);
  }
});
