import t from 'tap';
import { describeServer } from '../../src/engine/log/eventstoredb/gossip.js';
import type { ServerReport } from '../../src/engine/log/eventstoredb/server-description.js';
import { doctor } from '../../src/commands/doctor.js';
import { ServerUnreachable } from '../../src/commands/output.js';
import { serverChecks } from '../../src/commands/server-checks.js';
import { readEventStoreUrl } from '../../src/engine/log/eventstoredb/connection-url.js';
import { standIn } from '../support/stand-in/stand-in.js';

const leader = { address: 'a:2113', state: 'Leader', alive: true };
const follower = { address: 'b:2113', state: 'Follower', alive: true };
const dead = { address: 'c:2113', state: 'Follower', alive: false };
const one: ServerReport = {
  version: '24.10.1.1316',
  members: [leader],
  leader: 'a:2113',
  skewMs: -20,
  nodes: [{ address: 'a:2113', named: true, fault: null }],
};
const nodes = ['a', 'b', 'c'].map((name) => ({ address: `${name}:2113`, named: true, fault: null }));
const three: ServerReport = { ...one, members: [leader, follower, { ...dead, alive: true }], nodes };

function findings(report: ServerReport, discover = false): readonly string[] {
  return serverChecks(report, discover).flatMap(({ check, ok, detail, remedy }) => {
    if (ok !== (remedy === null)) throw new Error(`${check}: what to do is said of findings, and of each of them`);
    return ok ? [] : [`${check}: ${detail} → ${remedy}`];
  });
}

t.test('a node and a cluster that are well have no finding', async (t) => {
  t.same(findings(one), []);
  t.same(findings(three), []);
  t.same(findings({ ...three, nodes: nodes.map((node, i) => ({ ...node, named: i === 0 })) }, true), [], 'discovered');
  for (const version of ['22.10.0', '23.4.0-nightly', '25.0.1', '0.0.0.0'])
    t.same(findings({ ...one, version }), [], version);
  t.same(findings({ ...one, skewMs: null }), [], 'a clock that is not told');
});

const found: readonly (readonly [title: string, report: ServerReport, finding: RegExp])[] = [
  ['a server that is too old', { ...one, version: '21.10.9.0' }, /^event store version: 21.10.9.0 → upgrade.*22\.10/],
  ['a server that tells no version', { ...one, version: null }, /^event store version: not told.*→ upgrade/],
  [
    'a cluster without a leader',
    { ...three, leader: null, members: [follower, { ...dead, alive: true }] },
    /^event store leader: none; 2 of 2.*more than half/,
  ],
  [
    'a node that is dead',
    { ...three, members: [leader, follower, dead] },
    /^event store member c:2113: Follower, dead → start it/,
  ],
  [
    'a node that does not catch up',
    { ...three, members: [leader, { ...follower, state: 'CatchingUp' }] },
    /b:2113: CatchingUp → look again/,
  ],
  [
    'one node named of three',
    { ...three, nodes: nodes.slice(0, 1) },
    /^event store failover: .*one node of 3.*esdb\+discover/,
  ],
  ['a clock ahead', { ...one, skewMs: 3_000 }, /^event store clock: .*3000 ms ahead.*NTP/],
  ['a clock behind', { ...one, skewMs: -2_001 }, /2001 ms behind/],
  ...(
    [
      ['No connection established. Last error: connect ECONNREFUSED', /start it, or mend host and port/],
      ['Name resolution failed for target dns:nowhere:2113', /no such host/],
      ['self-signed certificate in certificate chain', /tlsCAFile/],
      ['write EPROTO wrong version number', /tls=false/],
      ['UNAUTHENTICATED', /user and password/],
    ] as const
  ).map(
    ([fault, remedy]) =>
      [
        `a node with ${fault}`,
        { ...three, nodes: [nodes[0], nodes[1], { address: 'c:2113', named: true, fault }] } as ServerReport,
        remedy,
      ] as const,
  ),
  [
    'a member that is not reached',
    { ...three, nodes: [...nodes.slice(0, 2), { address: 'c:2113', named: false, fault: 'x' }] },
    /advertise an address/,
  ],
];

for (const [title, report, finding] of found) {
  t.test(`finds ${title}, and says what to do`, async (t) => {
    const all = findings(report);
    t.equal(all.length, 1, all.join('\n'));
    t.match(all[0], finding);
  });
}

t.test('when no node answers, nothing is said of what they might say', async (t) => {
  const fault = 'connect ECONNREFUSED';
  const report = {
    ...one,
    version: null,
    members: [],
    leader: null,
    nodes: [{ address: 'a:2113', named: true, fault }],
  };
  t.equal(serverChecks(report, false).length, 1);
});

t.test('doctor looks at the server before anything is opened, and then exits with 3', async (t) => {
  const config = { dataDir: '.', eventStoreUrl: 'esdb://u:hush@127.0.0.1:1,127.0.0.1:2' };
  const open = (): Promise<never> => Promise.reject(new ServerUnreachable('the event store can not be reached'));
  const { document, text, exitCode } = await doctor(() => config, open);
  t.equal(exitCode, 3);
  t.match(document, {
    checks: [
      { check: 'node' },
      { check: 'configuration' },
      { check: 'event store node 127.0.0.1:1', ok: false, detail: /ECONNREFUSED/, remedy: /start it/ },
      { check: 'event store node 127.0.0.1:2', ok: false },
      { check: 'connection', detail: 'the event store can not be reached' },
    ],
  });
  t.notMatch(text, 'hush');
});

t.test('a node that says nothing is given up', async (t) => {
  const { createServer } = await import('node:net');
  const mute = createServer();
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  mute.on('connection', (socket) => t.teardown(() => socket.destroy()));
  t.teardown(() => mute.close());
  const { port } = mute.address() as { port: number };
  const { url } = readEventStoreUrl(`esdb://127.0.0.1:${port}?tls=false`, '/');
  if (!url) throw new Error('it is a URL');
  t.match(await describeServer(url, 200), {
    version: null,
    leader: null,
    skewMs: null,
    nodes: [{ fault: /no answer within 200 ms/ }],
  });
});

t.test('a server tells its version, its members and its leader', async (t) => {
  const server = await standIn(t);
  const { url } = readEventStoreUrl(`esdb://127.0.0.1:${server.port}?tls=false`, '/');
  if (!url) throw new Error('it is a URL');
  const report = await describeServer(url);
  t.match(report, {
    version: /^\d+\.\d+/,
    members: [{ state: 'Leader', alive: true }],
    leader: `127.0.0.1:${server.port}`,
    nodes: [{ address: `127.0.0.1:${server.port}`, named: true, fault: null }],
  });
  t.same(findings({ ...report, skewMs: 0 }), []);
});
