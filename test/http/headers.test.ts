import t from 'tap';
import { ANONYMOUS, type Caller } from '../../src/access/caller.js';
import { START, type Position } from '../../src/engine/core/event-store.js';
import { commandContext } from '../../src/http/command-context.js';
import { isNotModified } from '../../src/http/etag.js';
import { freshnessOf } from '../../src/http/freshness.js';
import { idempotencyKeyOf } from '../../src/http/idempotency-key.js';
import { PositionTokens } from '../../src/http/position-token.js';
import { requestId } from '../../src/http/request-id.js';
import { hashKey, here, tokens } from './sample-app.js';

void t.test('a log position comes back as it was, also the one before the first event', async (t) => {
  for (const position of [START, here, 'C:1/P:2' as Position]) {
    t.equal(tokens.decode(tokens.encode(position)), position);
    t.match(tokens.encode(position), /^[\w-]+$/);
  }
});

void t.test('a token that is damaged, made up or of another log is refused', async (t) => {
  const token = tokens.encode(here);
  const others = [
    '',
    'x',
    token.slice(1),
    `${token}A`,
    `${token}=`,
    `A${token.slice(1)}`,
    token + token,
    `${token}, ${token}`,
  ];
  for (const other of [...others, new PositionTokens('log-2').encode(here)]) {
    t.throws(() => tokens.decode(other), { code: 'invalid-log-position' }, other);
  }
});

void t.test('how fresh an answer must be follows from Min-Log-Position and Prefer', async (t) => {
  const min = tokens.encode(here);
  const of = (prefer?: string): unknown =>
    freshnessOf({ 'min-log-position': min, ...(prefer !== undefined && { prefer }) }, tokens);
  t.same(freshnessOf({ prefer: 'wait=9' }, tokens).min, null);
  t.same(of(), { min: here, waitMs: 2_000, lenient: false });
  t.same(of('wait=5'), { min: here, waitMs: 5_000, lenient: false });
  t.same(of('handling=lenient, wait=0'), { min: here, waitMs: 0, lenient: true });
  t.same(of('respond-async, Wait = "7"; x=1, HANDLING=lenient'), { min: here, waitMs: 7_000, lenient: true });
  t.same(of('wait=3, wait=9'), { min: here, waitMs: 3_000, lenient: false }, 'the first counts');
  t.same(of('wait=31'), { min: here, waitMs: 30_000, lenient: false });
  t.same(of(`wait=${'9'.repeat(400)}`), { min: here, waitMs: 30_000, lenient: false });
  t.same(of('wait=soon, handling=strict'), { min: here, waitMs: 2_000, lenient: false });
  t.same(of('wait=-1, "handling=lenient"'), { min: here, waitMs: 2_000, lenient: false });
  t.throws(() => freshnessOf({ 'min-log-position': 'x' }, tokens), { code: 'invalid-log-position' });
});

void t.test('an idempotency key is bare or quoted, and both name the same', async (t) => {
  const key = (text: string): string | null => idempotencyKeyOf({ 'idempotency-key': text });
  t.equal(idempotencyKeyOf({}), null);
  t.equal(key('abc'), 'abc');
  t.equal(key('"abc"'), 'abc');
  t.equal(key('"a\\"b\\\\c"'), 'a"b\\c');
  t.equal(key('a"b'), 'a"b');
  t.equal(key('x'.repeat(255)), 'x'.repeat(255));
  t.equal(key(`"${'x'.repeat(255)}"`), 'x'.repeat(255));
  for (const bad of [
    '',
    ' ',
    'a b',
    'a, b',
    '"',
    '""',
    '"a',
    '"a"b',
    '"a\\b"',
    '"a b"',
    'é',
    'x'.repeat(256),
    `"${'x'.repeat(256)}"`,
  ]) {
    t.throws(() => key(bad), { code: 'invalid-request' }, bad);
  }
});

void t.test('ids under a key are the same for a retry, and for nothing else', async (t) => {
  const context = (
    headers: Record<string, string>,
    url = '/v1/orders?a=1',
    method = 'POST',
    content: unknown = { a: 1 },
    caller: Caller = ANONYMOUS,
  ) => commandContext({ caller, headers, url, method, id: 'request-1' }, hashKey, 'PlaceOrder', content);
  const first = context({ 'idempotency-key': 'k' });
  const again = context({ 'idempotency-key': '"k"' }, '/v1/orders?b=2');
  t.equal(first.keyed, true);
  t.equal(again.commandId, first.commandId);
  t.equal(again.fingerprint, first.fingerprint);
  t.equal(again.newId('order'), first.newId('order'));
  t.equal(again.eventId('order-1', 0), first.eventId('order-1', 0));
  t.equal(
    new Set([first.eventId('a', 0), first.eventId('a', 1), first.eventId('b', 0), first.newId('a'), first.commandId])
      .size,
    5,
  );
  t.not(context({ 'idempotency-key': 'l' }).commandId, first.commandId);
  t.not(context({ 'idempotency-key': 'k' }, '/v1/users').commandId, first.commandId);
  t.not(context({ 'idempotency-key': 'k' }, '/v1/orders', 'PATCH').commandId, first.commandId);
  t.not(context({ 'idempotency-key': 'k' }, '/v1/orders', 'POST', { a: 2 }).fingerprint, first.fingerprint);
  const by = (caller: Caller) => context({ 'idempotency-key': 'k' }, '/v1/orders', 'POST', { a: 1 }, caller);
  const ada = by({ kind: 'customer', id: 'ada' });
  t.same(ada.actor, { kind: 'customer', id: 'ada' });
  t.equal(by({ kind: 'customer', id: 'ada' }).commandId, ada.commandId, 'the same caller');
  t.not(by({ kind: 'customer', id: 'bob' }).commandId, ada.commandId, 'another caller');
  t.not(by({ kind: 'clerk', id: 'ada' }).commandId, ada.commandId, 'another role');
  t.not(ada.commandId, first.commandId);
  const unkeyed = context({});
  t.equal(unkeyed.keyed, false);
  t.not(unkeyed.newId('order'), unkeyed.newId('order'));
  t.not(unkeyed.commandId, context({}).commandId);
  t.match(unkeyed, { correlationId: 'request-1', actor: { kind: 'anonymous', id: null }, now: /^\d{4}-.*Z$/ });
});

void t.test('an answer that the caller has is recognized by its tag, weak or strong', async (t) => {
  for (const has of ['"a"', 'W/"a"', '"b", "a"', ' W/"b" ,W/"a"', '*'])
    t.ok(isNotModified({ 'if-none-match': has }, '"a"'), has);
  for (const has of ['"b"', 'a', '"a', '', '"b,a"']) t.notOk(isNotModified({ 'if-none-match': has }, '"a"'), has);
  t.notOk(isNotModified({}, '"a"'));
});

void t.test('a request id is taken over only if it can be logged as it is', async (t) => {
  t.equal(requestId({ headers: { 'x-request-id': 'a-1_2.3:4' } }), 'a-1_2.3:4');
  for (const bad of ['', 'a b', 'a\n', 'é', 'x'.repeat(129)]) {
    t.match(requestId({ headers: { 'x-request-id': bad } }), /^[\da-f]{8}-[\da-f]{4}-7/, bad);
  }
});

void t.test('a command knows whether its caller is still connected', (t) => {
  const raw = { socket: { destroyed: false } };
  const request = { caller: ANONYMOUS, headers: {}, url: '/v1/orders', method: 'POST', id: 'request-1', raw };
  const { isCallerGone } = commandContext(request as never, hashKey, 'PlaceOrder', {});
  t.equal(isCallerGone?.(), false);
  raw.socket.destroyed = true;
  t.equal(isCallerGone?.(), true);
  t.end();
});
