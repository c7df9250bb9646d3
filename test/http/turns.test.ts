import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Turns } from '../../src/http/turns.js';

function held(): { readonly work: () => Promise<void>; readonly end: () => void } {
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  return { work: () => over, end: () => end() };
}

const loop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const loops = async (n: number): Promise<void> => {
  for (let turn = 0; turn < n; turn++) await loop();
};

void t.test(
  'so many are worked on at once, and the others follow in their order, also behind one that fails',
  async (t) => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const works = Array.from({ length: 6 }, held);
    const all = works.map(({ work }, n) =>
      turns.run(async () => {
        begun.push(n);
        await work();
        if (n === 1) throw new Error('of the work');
      }),
    );
    const settled = Promise.allSettled(all);
    await loops(3);
    t.same(begun, [0, 1]);
    works[1]?.end();
    await loops(3);
    t.same(begun, [0, 1, 2]);
    for (const { end } of works) end();
    const ends = await settled;
    t.same(begun, [0, 1, 2, 3, 4, 5]);
    t.same(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled'],
    );
  },
);

void t.test('the event loop comes between two turns', async (t) => {
  const turns = new Turns(1);
  const seen: string[] = [];
  const work = (name: string) => (): Promise<void> => {
    seen.push(name);
    // What has come in by now is not kept waiting by those that wait for a turn.
    setImmediate(() => seen.push(`after ${name}`));
    return Promise.resolve();
  };
  await Promise.all(['a', 'b', 'c'].map((name) => turns.run(work(name))));
  t.same(seen, ['a', 'after a', 'b', 'after b', 'c']);
});

void t.test('what waits for too long goes ahead, and later only so many are worked on again', async (t) => {
  const turns = new Turns(1, { waitMs: 1_000 });
  const stuck = held();
  const first = turns.run(stuck.work);
  t.equal(await turns.run(() => Promise.resolve('done')), 'done');
  stuck.end();
  await first;
  let now = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++now);
    await sleep(1);
    now -= 1;
  };
  await Promise.all([1, 2, 3].map(() => turns.run(work)));
  t.equal(most, 1);
});

void t.test('a turn ends after its time: longer work continues beside the next turn', async (t) => {
  const turns = new Turns(1, { turnMs: 20 });
  const stuck = held();
  const first = turns.run(stuck.work);
  t.equal(await turns.run(() => Promise.resolve('done')), 'done');
  stuck.end();
  await first;
});

void t.test('a turn that is ended twice is one turn', async (t) => {
  const turns = new Turns(1);
  const done = await turns.take();
  done();
  done();
  await loops(2);
  await turns.take();
  let isNext = false;
  void turns.take().then(() => (isNext = true));
  await loops(3);
  t.notOk(isNext);
});
