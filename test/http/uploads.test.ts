import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { App } from '../../src/http/app-type.js';
import { until } from '../support/orderlog.js';
import { type Failing, failing, sampleApp } from './sample-app.js';

type Part = readonly [name: string, value: string, file?: string | undefined, type?: string];

const PROOF: Part = ['id_proof', '%PDF-', 'a.pdf'];
const NAME: Part = ['name', 'Ada'];

function multipart(parts: readonly Part[], end = '\r\n--b--\r\n'): string {
  const texts = parts.map(([name, value, file, type]) => {
    const filename = file === undefined ? '' : `; filename="${file}"`;
    const contentType = type ?? (file === undefined ? undefined : 'application/pdf');
    return `--b\r\ncontent-disposition: form-data; name="${name}"${filename}\r\n${contentType ? `content-type: ${contentType}\r\n` : ''}\r\n${value}`;
  });
  return texts.join('\r\n') + end;
}

async function send(
  app: App,
  payload: string | Buffer,
  type = 'multipart/form-data; boundary=b',
  headers: Record<string, string> = {},
) {
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/uploads',
    headers: { host: 'localhost', 'content-type': type, ...headers },
    payload,
  });
  const body = answer.json<{ code?: string; data?: unknown; errors?: { path: string }[] }>();
  return {
    status: answer.statusCode,
    code: body.code,
    data: body.data,
    paths: (body.errors ?? []).map(({ path }) => path),
  };
}

async function started(t: { teardown(end: () => Promise<void>): void }): Promise<{ app: App; told: Failing }> {
  const told = failing();
  const app = await sampleApp(told);
  t.teardown(() => app.close());
  return { app, told };
}

void t.test('a form is read whatever the order of its parts', async (t) => {
  const { app } = await started(t);
  const data = { name: 'Ada', bytes: 5, truncated: false };
  t.match(await send(app, multipart([NAME, PROOF])), { status: 201, data });
  t.match(await send(app, multipart([PROOF, NAME])), { status: 201, data });
});

void t.test('the file is stored as it comes, and is cut off at the limit', async (t) => {
  const { app } = await started(t);
  t.match(await send(app, multipart([['id_proof', 'x'.repeat(100_001), 'a'], NAME])), {
    data: { bytes: 100_000, truncated: true },
  });
  t.match(await send(app, multipart([['id_proof', 'x'.repeat(3_000_000), 'a'], NAME])), { data: { truncated: true } });
});

void t.test('a form that is not right names what is wrong, and nothing stays stored', async (t) => {
  const { app, told } = await started(t);
  const cases: readonly (readonly [string, readonly string[], readonly Part[]])[] = [
    ['id-proof-missing', [], [NAME]],
    ['invalid-request', ['name', 'id_proof'], []],
    ['invalid-request', ['name'], [PROOF]],
    ['invalid-request', ['name'], [PROOF, ['name', '']]],
    ['invalid-request', ['name'], [PROOF, NAME, NAME]],
    ['invalid-request', ['name'], [PROOF, ['name', 'x'.repeat(5_000)]]],
    ['invalid-request', ['name'], [PROOF, ['name', '{"a":1}', undefined, 'application/json']]],
    ['invalid-request', ['id_proof'], [NAME, PROOF, PROOF]],
    ['invalid-request', ['id_proof', 'id_proof'], [NAME, ['id_proof', 'text']]],
    ['invalid-request', ['photo'], [NAME, ['photo', 'x', 'a.png'], PROOF]],
    ['invalid-request', ['age'], [NAME, PROOF, ['age', '3']]],
    ['invalid-request', [], [PROOF, ['__proto__', 'x'], NAME]],
    ['invalid-request', ['name'], [PROOF, ['name', '{', undefined, 'application/json']]],
    ['payload-too-large', [], [PROOF, ...Array<Part>(30).fill(NAME)]],
    ['invalid-request', Array<string>(4).fill('id_proof'), [NAME, ...Array<Part>(5).fill(PROOF)]],
    ['payload-too-large', [], [NAME, ...Array<Part>(30).fill(PROOF)]],
  ];
  for (const [code, paths, parts] of cases) {
    const answer = await send(app, multipart(parts));
    t.equal(answer.code, code, JSON.stringify(parts).slice(0, 80));
    t.same(answer.paths, paths);
  }
  t.ok(told.uploads.stored.length > 5);
  t.equal(told.uploads.discarded.length, told.uploads.stored.length);
});

void t.test(
  'what a file is comes after the form it came in: all that is wrong with the form is named first',
  async (t) => {
    const { app } = await started(t);
    const empty: Part = ['id_proof', '', 'a.pdf'];
    const wrong: Part = ['id_proof', 'x', 'a.pdf'];
    const age: Part = ['age', '3'];
    const cases: readonly (readonly [string, readonly string[], readonly Part[]])[] = [
      ['id-proof-not-pdf', [], [NAME, wrong]],
      ['id-proof-not-pdf', [], [wrong, NAME]],
      ['invalid-request', ['name'], [wrong]],
      ['invalid-request', ['name', 'age'], [wrong, age]],
      ['invalid-request', ['id_proof'], [NAME, wrong, PROOF]],
      ['id-proof-missing', [], [empty, NAME]],
      ['invalid-request', ['name', 'id_proof'], [empty]],
    ];
    for (const [code, paths, parts] of cases) {
      const answer = await send(app, multipart(parts));
      t.match(answer, { code, paths }, JSON.stringify(parts));
      t.equal(answer.paths.length, paths.length);
    }
    t.match(await send(app, multipart([wrong, NAME], '')), { code: 'invalid-request' }, 'a form that is not whole');
  },
);

void t.test('faults of the headers are named with those of the form, and nothing stays stored', async (t) => {
  const { app, told } = await started(t);
  const headers = { 'idempotency-key': 'two words', 'if-match': '3' };
  const answer = await send(app, multipart([PROOF, ['age', '3']]), undefined, headers);
  t.same(answer.paths, ['header.idempotency-key', 'header.if-match', 'name', 'age']);
  t.equal(told.uploads.discarded.length, told.uploads.stored.length);
});

void t.test('a field that is not UTF-8 is refused, never mended', async (t) => {
  const { app } = await started(t);
  const form = (name: string): Buffer => Buffer.from(multipart([PROOF, ['name', name]]), 'latin1');
  t.match(await send(app, form('Zo\u00eb')), { code: 'invalid-request', paths: ['name'] });
  t.match(await send(app, form(Buffer.from('Zoë').toString('latin1'))), { status: 201, data: { name: 'Zoë' } });
});

void t.test('every character that UTF-8 can hold is taken, in fields, their names and file names', async (t) => {
  const { app } = await started(t);
  const proof: Part = ['id_proof', '%PDF-', 'r\ufffdsum\u00e9 \u{1f4c4}.pdf'];
  for (const name of [
    '\ufffd',
    'Zo\ufffd',
    '\u{1f600}\ufffd',
    '\ufeffAda',
    '\u2028',
    '\uffff',
    '\u{10ffff}',
    'e\u0301',
  ]) {
    for (const type of [
      undefined,
      'text/plain; charset=utf-8',
      'text/plain; charset=UTF8',
      'text/plain; charset=nonsense',
    ]) {
      const part: Part = type === undefined ? ['name', name] : ['name', name, undefined, type];
      const answer = await send(app, multipart([proof, part]));
      t.match(answer, { status: 201, data: { name } }, `${encodeURIComponent(name)} as ${type}`);
    }
  }
  t.match(await send(app, multipart([PROOF, ['name', '"\ufffd"', undefined, 'application/json']])), {
    status: 201,
    data: { name: '\ufffd' },
  });
  t.match(await send(app, multipart([PROOF, NAME, ['\ufffd', 'x']])), { code: 'invalid-request', paths: ['\ufffd'] });
});

void t.test('no bytes but UTF-8 are taken, whatever the part says that they are', async (t) => {
  const { app } = await started(t);
  const bad = ['\xef\xbf', '\xed\xa0\x80', '\xc0\x80', 'Zo\xeb', '\xff\xfea\x00'];
  for (const bytes of bad) {
    for (const type of [
      'text/plain',
      'text/plain; charset=utf-8',
      'text/plain; charset=iso-8859-1',
      'application/json',
    ]) {
      const payload = Buffer.from(multipart([PROOF, ['name', bytes, undefined, type]]), 'latin1');
      t.match(
        await send(app, payload),
        { code: 'invalid-request', paths: ['name'] },
        `${JSON.stringify(bytes)} as ${type}`,
      );
    }
  }
});

void t.test('what is no form is refused', async (t) => {
  const { app } = await started(t);
  const bad: readonly (readonly [string, string, string?])[] = [
    ['no end', multipart([NAME, PROOF], '')],
    ['no end in a field', multipart([PROOF, NAME], '')],
    ['no parts', '--b--\r\n'],
    ['nothing', ''],
    ['no boundary', multipart([NAME, PROOF]), 'multipart/form-data'],
    ['another boundary', multipart([NAME, PROOF]), 'multipart/form-data; boundary=c'],
    ['no part headers', '--b\r\n\r\nx\r\n--b--\r\n'],
    ['endless part headers', `--b\r\n${'x: y\r\n'.repeat(50_000)}\r\nx\r\n--b--\r\n`],
  ];
  for (const [what, payload, type] of bad) {
    const answer = await send(app, payload, type);
    t.equal(answer.code, 'invalid-request', what);
  }
});

void t.test('pieces of two files are worked on at once, however many come', async (t) => {
  const { app, told } = await started(t);
  let [now, most, worked] = [0, 0, 0];
  told.piece = async () => {
    worked += 1;
    most = Math.max(most, ++now);
    await sleep(1);
    now -= 1;
  };
  const form = multipart([NAME, ['id_proof', 'x'.repeat(100_000), 'a']]);
  const answers = await Promise.all(Array.from({ length: 12 }, () => send(app, form)));
  t.same([...new Set(answers.map(({ status }) => status))], [201]);
  t.equal(worked, 12);
  t.equal(most, 2);
});

void t.test('senders that stop in the middle of a file hold up no other request', async (t) => {
  const { app, told } = await started(t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  let pieces = 0;
  told.piece = () => Promise.resolve(void (pieces += 1));
  const [begun = ''] = multipart([NAME, PROOF]).split('%PDF-');
  for (let n = 0; n < 4; n++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    t.teardown(() => socket.destroy());
    const head = 'host: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 90000\r\n';
    socket.write(`POST /v1/uploads HTTP/1.1\r\n${head}\r\n${begun}${'x'.repeat(2_000)}`);
  }
  await until(() => pieces >= 4);
  const answers = Promise.all(Array.from({ length: 8 }, () => send(app, multipart([NAME, PROOF]))));
  // Far longer than these take, and shorter than a turn of the sample.
  const first = await Promise.race([answers, sleep(20_000, 'held up' as const, { ref: false })]);
  t.not(first, 'held up');
  t.same([...new Set((await answers).map(({ status }) => status))], [201]);
});
