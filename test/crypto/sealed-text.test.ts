import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import type { Sealed } from '../../src/engine/core/vault.js';
import { openText, sealText } from '../../src/crypto/sealed-text.js';

const key = createSecretKey(randomBytes(32));
const place = { stream: 'user-1', field: 'name', eventId: randomUUID() };

t.test('opens what was sealed, for any text', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      t.equal(openText(key, place, sealText(key, place, text)), text);
    }),
  );
});

t.test('two seals of one text have nothing in common, and neither shows it', async (t) => {
  const [one, two] = [sealText(key, place, 'Ann Marker'), sealText(key, place, 'Ann Marker')];
  t.not(one, two);
  t.match(one, /^1\.[\w-]+$/);
  t.notOk(Buffer.from(one.slice(2), 'base64url').includes('Marker'));
  t.ok(
    Buffer.from(one.slice(2), 'base64url')
      .subarray(0, 16)
      .equals(Buffer.from(place.eventId.replaceAll('-', ''), 'hex')),
  );
});

t.test('opens in its own field, stream and event only, with its own key only, and unchanged only', async (t) => {
  const sealed = sealText(key, place, 'Ann Marker');
  const refused = { message: /does not open/ };
  t.throws(() => openText(key, { ...place, field: 'email' }, sealed), refused);
  t.throws(() => openText(key, { ...place, stream: 'user-2' }, sealed), refused);
  t.throws(() => openText(key, { ...place, eventId: randomUUID() }, sealed), refused);
  t.equal(openText(key, { stream: 'user-1', field: 'name' }, sealed), 'Ann Marker', 'in a row, which knows no event');
  t.throws(() => openText(createSecretKey(randomBytes(32)), place, sealed), refused);
  const bytes = Buffer.from(sealed.slice(2), 'base64url');
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] as number) ^ 1;
    t.throws(() => openText(key, place, `1.${changed.toString('base64url')}` as Sealed), refused, `byte ${index}`);
  }
  for (const broken of ['', '1.', '2.' + sealed.slice(2), sealed.slice(0, 40), 'Ann Marker']) {
    t.throws(() => openText(key, place, broken as Sealed), refused);
  }
});

t.test('an error holds neither the text nor the sealed form', async (t) => {
  const sealed = sealText(key, place, 'Ann Marker');
  try {
    openText(key, { ...place, field: 'email' }, sealed);
    t.fail('it opened');
  } catch (error) {
    const shown = `${(error as Error).stack} ${JSON.stringify(error)} ${String((error as Error).cause)}`;
    t.notOk(shown.includes('Marker') || shown.includes(sealed));
  }
});

t.test('seals for an event with a proper id only', async (t) => {
  t.throws(() => sealText(key, { ...place, eventId: 'not-a-uuid' }, 'x'), TypeError);
});
