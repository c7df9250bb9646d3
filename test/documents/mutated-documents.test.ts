/** Documents changed at random, by a fixed seed: whatever comes out, the gate gives one of its verdicts. */
import t from 'tap';
import { judgeIn } from '../support/judged.js';
import { packedPdf, pageWith, revised } from '../support/pdf-builder.js';

const VERDICTS = new Set(['accepted', 'not-pdf', 'encrypted', 'active-content', 'damaged'].map(codeOf));
const SCRIPT = '<< /S /JavaScript /JS (app.alert(1)) >>';
const ROUNDS = 60;

function codeOf(verdict: string): string {
  return verdict === 'accepted' ? verdict : `id-proof-${verdict}`;
}

/** mulberry32 */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Some bytes changed, doubled, left out or moved, from a place on. */
function mutated(file: Buffer, from: number, random: (below: number) => number): Buffer {
  let bytes = file;
  for (let times = 1 + random(6); times > 0; times--) {
    const at = from + random(bytes.length - from);
    const length = 1 + random(30);
    const piece = bytes.subarray(at, at + length);
    const other = from + random(bytes.length - from);
    const ways = [
      () => Buffer.concat([bytes.subarray(0, at), Buffer.of(random(256)), bytes.subarray(at + 1)]),
      () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]),
      () => Buffer.concat([bytes.subarray(0, other), piece, bytes.subarray(other)]),
      () => Buffer.concat([bytes.subarray(0, at), Buffer.from('<<[(>>)]/%\n'), bytes.subarray(at)]),
    ] as const;
    bytes = (ways[random(ways.length)] as () => Buffer)();
  }
  return bytes;
}

t.test('no mutation of a document lets active content through, and none is a fault of the server', async (t) => {
  const judge = judgeIn(t);
  const harmless = [
    pageWith({ page: '/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://a.test) >> >>]' }),
    packedPdf(['<< /Title (a) >>', '[1 2 3]']),
    revised(pageWith({ objects: ['<< /Title (a) >>'] }), 4, '<< /Title (b) >>'),
  ];
  const head = '%PDF-1.7\n';
  const script = Buffer.from(`9 0 obj\n${SCRIPT}\nendobj\n`);
  const seen = { harmless: new Map<string, number>(), active: new Map<string, number>() };
  const count = (verdicts: Map<string, number>, verdict: string): void => {
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  };
  const random = randomly(20);
  const rounds = harmless.flatMap((file) => Array.from({ length: ROUNDS }, () => mutated(file, head.length, random)));
  await Promise.all(
    rounds.map(async (file) => {
      count(seen.harmless, await judge.verdict(file));
      // The same, with a script that stays whole right behind the head.
      const active = Buffer.concat([Buffer.from(head), script, file.subarray(head.length)]);
      count(seen.active, await judge.verdict(active));
    }),
  );
  t.same(
    [...seen.harmless.keys(), ...seen.active.keys()].filter((one) => !VERDICTS.has(one)),
    [],
  );
  t.ok((seen.harmless.get('accepted') ?? 0) > ROUNDS / 2, 'many of them still open');
  t.equal(seen.active.get('accepted') ?? 0, 0, 'none of them with a script');
  t.ok((seen.active.get(codeOf('active-content')) ?? 0) > ROUNDS, 'of those, the script is found in most');
});
