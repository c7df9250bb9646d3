import t from 'tap';
import { type Position, START } from '../../../src/engine/core/event-store.js';
import { resolvePoint } from '../../../src/engine/log/point.js';
import { PositionTokens } from '../../../src/http/position-token.js';

const tokens = new PositionTokens('log-1');
const at = (number: number): Position => number.toString(16).padStart(16, '0') as Position;

/** What the log is asked for. */
async function asked(text: string): Promise<string> {
  let time = '';
  const times = {
    positionAt: (wanted: string) => Promise.resolve((time = wanted) === '' ? null : START),
    close: () => Promise.resolve(),
  };
  await resolvePoint(text, { tokens, store: { head: () => Promise.resolve(at(7)) }, times }, 0);
  return time;
}

const times: Readonly<Record<string, string>> = {
  '2026-01-31T09:30:00Z': '2026-01-31T09:30:00.000Z',
  '2026-01-31t09:30:00.5z': '2026-01-31T09:30:00.500Z',
  '2026-01-31T09:30:00.1239999Z': '2026-01-31T09:30:00.123Z',
  '2026-01-31T00:30:00+02:00': '2026-01-30T22:30:00.000Z',
  '2026-01-31T00:30:00 02:00': '2026-01-30T22:30:00.000Z',
  '2026-01-31T23:30:00-01:30': '2026-02-01T01:00:00.000Z',
  '2024-02-29T00:00:00Z': '2024-02-29T00:00:00.000Z',
  '0000-01-01T00:00:00Z': '0001-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59-23:59': '9999-12-31T23:59:59.999Z',
};

t.test('a time is read in every form of RFC 3339, down to the millisecond', async (t) => {
  for (const [text, time] of Object.entries(times)) t.equal(await asked(text), time, text);
});

t.test('what is no time is told so, whatever it looks like', async (t) => {
  for (const text of [
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T24:00:01Z',
    '2026-01-31T23:59:60Z',
    '2026-01-31T09:30:00',
    '2026-01-31T09:30Z',
    '2026-01-31T09:30:00+2:00',
    '2026-01-31T09:30:00+99:99',
    '12:30',
    ':',
  ]) {
    await t.rejects(asked(text), { name: 'BadPoint', message: /ISO 8601 with its zone, such as/ }, text);
  }
});

t.test('a token is a position of this log, up to its head', async (t) => {
  const sources = { tokens, store: { head: () => Promise.resolve(at(7)) }, times: null as never };
  for (const place of [START, at(1), at(7)]) t.equal(await resolvePoint(tokens.encode(place), sources, 0), place);
  await t.rejects(resolvePoint(tokens.encode(at(8)), sources, 0), { name: 'BadPoint', message: /beyond the head/ });
  await t.rejects(resolvePoint('2026-01-31T09:30:00Z', sources, null), {
    name: 'BadPoint',
    message: /is no Log-Position/,
  });
  const elsewhere = [new PositionTokens('log-2').encode(at(1)), tokens.encode(`${at(1)}${at(1)}` as Position), 'x', ''];
  for (const token of elsewhere) {
    await t.rejects(resolvePoint(token, sources, 0), { name: 'BadPoint', code: 'invalid-log-position' }, token);
  }
});

t.test('what is neither is told what both are, and a date what it lacks', async (t) => {
  for (const text of ['', 'now', '2026', '26.11.2026']) {
    await t.rejects(asked(text), { code: 'invalid-log-position', message: /token of a Log-Position.* nor a time.*Z$/ });
  }
  await t.rejects(asked('2026-11-26'), { code: 'invalid-log-position', message: /send 2026-11-26T00:00:00Z/ });
});
