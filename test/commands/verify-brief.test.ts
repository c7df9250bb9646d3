import t from 'tap';
import { brief } from '../../src/commands/verify-brief.js';

type Verified = Parameters<typeof brief>[0];

function verified(differences: number, value: string): Verified {
  const difference = { table: 'orders', key: value, column: 'items', live: value, replayed: null, events: [] };
  const finding = `user ${value}`;
  const findings = Array.from({ length: differences }, () => finding);
  return {
    ok: false,
    models: ['users', 'user-orders'].map((name) => ({
      ...{ name, version: 1, position: '1', rows: 1, events: 1, seconds: 1 },
      differences: Array.from({ length: differences }, () => difference),
    })),
    checks: [{ check: 'documents', ok: false, findings }],
    notes: findings,
  } as unknown as Verified;
}

t.test('a brief verification is small, whatever differs, and counts what it leaves out', (t) => {
  const document = brief(verified(5_000, 'x'.repeat(50_000)));
  t.ok(Buffer.byteLength(JSON.stringify(document)) < 2 * 1024 * 1024);
  t.match(document, {
    ok: false,
    models: [{ left_out: 4_800 }, { left_out: 4_800 }],
    checks: [{ check: 'documents', left_out: 4_800 }],
    left_out: 4_800,
  });
  t.equal(document.models[0]?.differences.length, 200);
  t.end();
});

t.test('a brief verification of few differences is the verification', (t) => {
  const whole = verified(3, 'short');
  t.same(brief(whole), whole);
  t.end();
});
