import t from 'tap';
import { ANSWERS_BYTES } from '../../src/engine/core/budgets.js';
import { AnswerGate } from '../../src/http/answer-gate.js';

function held(): { readonly work: () => Promise<void>; readonly end: () => void } {
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  return { work: () => over, end: () => end() };
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('a few large answers are made at once, the others follow in their order', async (t) => {
  const gate = new AnswerGate();
  const begun: number[] = [];
  const works = Array.from({ length: 24 }, held);
  const all = works.map(({ work }, i) =>
    gate.turn(() => {
      begun.push(i);
      return work();
    }),
  );
  await turns();
  t.same(begun, [0, 1, 2, 3, 4, 5, 6, 7]);
  works[3]?.end();
  await turns();
  t.same(begun.slice(8), [8]);
  for (const { end } of works) end();
  await Promise.all(all);
  t.same(begun.slice(8), [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]);
});

t.test('no large answer is made while too much waits to be sent; then all are', async (t) => {
  const gate = new AnswerGate();
  const left = gate.sending(ANSWERS_BYTES);
  let made = 0;
  const make = (): Promise<number> => gate.turn(() => Promise.resolve((made += 1)));
  const waiting = Promise.all([make(), make(), make()]);
  await turns();
  t.equal(made, 0);
  left();
  left();
  await waiting;
  t.equal(made, 3);
});

t.test('who waits for too long is refused, and holds up nobody', async (t) => {
  const gate = new AnswerGate();
  const left = gate.sending(ANSWERS_BYTES);
  await t.rejects(
    gate.turn(() => Promise.resolve(), 10),
    { code: 'overloaded', retrySeconds: 2 },
  );
  left();
  t.equal(await gate.turn(() => Promise.resolve('made')), 'made');
  await t.rejects(
    gate.turn(() => Promise.reject(new Error('of the work'))),
    /of the work/,
  );
  t.equal(await gate.turn(() => Promise.resolve('made')), 'made');
});
