/** Page 4, row 16, and what people are told when the server can not be used: what is wrong, and what to do. */
import t, { type Test } from 'tap';
import { EventStoreUnavailable } from '../../../../src/engine/core/errors.js';
import { START } from '../../../../src/engine/core/event-store.js';
import { readEventStoreUrl } from '../../../../src/engine/log/eventstoredb/connection-url.js';
import { openEventStoreDb } from '../../../../src/engine/log/eventstoredb/store.js';
import { collect, failure, newEvent } from '../../../support/event-store/case.js';
import { onStandIn, storeAt, until } from '../../../support/event-store/on-stand-in.js';
import { loopbackCertificate } from '../../../support/stand-in/certificate.js';
import { standInCluster } from '../../../support/stand-in/cluster.js';
import type { AppendFault } from '../../../support/stand-in/faults.js';
import { standIn } from '../../../support/stand-in/stand-in.js';

t.setTimeout(300_000);

const SECRET = 'hush';
const { certFile, ...tls } = loopbackCertificate();
const trusted = `tls=true&tlsCAFile=${encodeURIComponent(certFile)}`;

/** What opening says, and an append of a store that is not opened first. */
async function isTold(t: Test, url: string, message: RegExp): Promise<void> {
  const { store, complaints } = storeAt(t, url, { giveUpAfterMs: 200 });
  for (const attempt of [openEventStoreDb(url), store.append('order-1', [newEvent()], 'none')]) {
    const error = await failure(attempt);
    t.type(error, EventStoreUnavailable);
    t.match(error, { message });
    for (let told = error; told instanceof Error; told = told.cause)
      t.notMatch(`${told.message} ${told.stack}`, SECRET);
  }
  t.notMatch(complaints.map(String).join(), SECRET);
}

// Each is waited for, in case it comes.
void t.test('nobody there, a name that there is not, or nobody who leads: what to look at', async (t) => {
  const server = await standIn(t);
  await server.kill();
  const cluster = await standInCluster(t, 3, { quorumTimeoutMs: 200 });
  cluster.loseQuorum();
  await Promise.all([
    isTold(t, server.url, /ECONNREFUSED.*is the address right, and does the server run/),
    isTold(t, 'esdb://no.such.host.invalid:1?tls=false', /no\.such\.host.*is the address right/s),
    isTold(t, cluster.url, /no node of the cluster leads, or answers/),
  ]);
});

void t.test('wrong credentials, or none where there have to be: the user needs a password and rights', async (t) => {
  const server = await standIn(t, { tls, users: { shop: 'open sesame' } });
  const at = `127.0.0.1:${server.port}?${trusted}`;
  for (const who of ['', `shop:${SECRET}@`, `nobody:${SECRET}@`]) {
    await isTold(t, `esdb://${who}${at}`, /denies access: the user in EVENTSTORE_URL needs the password/);
  }
  const { store, complaints } = storeAt(t, `esdb://shop:${SECRET}@${at}`);
  const stop = new AbortController();
  const following = collect(store.subscribe({ from: START, signal: stop.signal }));
  await until(() => complaints.length > 0);
  stop.abort();
  await following;
  t.notMatch(complaints.map((error) => String((error as Error).cause) + String(error)).join(), SECRET);
  t.equal(server.events.length, 0);
  const opened = await openEventStoreDb(`esdb://shop:open%20sesame@${at}`);
  t.match(await opened.append('order-1', [newEvent()], 'none'), { revision: 0 });
  await opened.close();
});

void t.test(
  'TLS on one side only, or with a certificate that nobody vouches for: what to change in the URL',
  async (t) => {
    const [secure, plain] = [await standIn(t, { tls }), await standIn(t)];
    await isTold(t, `esdb://127.0.0.1:${plain.port}?tls=true`, /the server speaks without TLS: add tls=false/);
    await isTold(
      t,
      `esdb://127.0.0.1:${secure.port}?tls=false`,
      /does the server speak TLS, and the URL says tls=false/,
    );
    await isTold(
      t,
      `esdb://u:${SECRET}@127.0.0.1:${secure.port}?tls=true`,
      /not trusted: name its authority with tlsCAFile/,
    );
  },
);

void t.test('a server that is too old, or does not tell its version, is not opened', async (t) => {
  for (const [version, message] of [
    ['21.10.0', /is 21\.10\.0: 22\.10 or newer is needed/],
    ['22.6.0', /is 22\.6\.0: 22\.10 or newer is needed/],
    [null, /a version that it does not tell: 22\.10 or newer is needed/],
  ] as const) {
    const server = await standIn(t, { version });
    t.match(await failure(openEventStoreDb(server.url)), { name: 'EventStoreUnavailable', message });
  }
  for (const version of ['22.10.0', '24.10.0-prerelease', '25.1.0']) {
    await (await openEventStoreDb((await standIn(t, { version })).url)).close();
  }
});

void t.test(
  'an append that fails for good says why and what to do, and nothing of it is lost or half done',
  async (t) => {
    const { server, store } = await onStandIn(t, {}, { giveUpAfterMs: 200 });
    const faults: readonly (readonly [AppendFault, RegExp])[] = [
      ['disk-full', /not known: the server failed and did not say why: look at its log, and at its disk/],
      ['not-leader', /not known: .*is not the leader: name all nodes of the cluster/],
      ['no-leader', /not known: .*no node of the cluster leads/],
      ['not-ready', /not known: .*the cluster is choosing a leader/],
      ['deadline', /not known: the server did not do it in time, as without a quorum/],
      ['access-denied', /denies access: the user in EVENTSTORE_URL needs/],
    ];
    for (const [n, [fault, message]] of faults.entries()) {
      server.faults.add('append', fault, { times: Infinity });
      const event = newEvent();
      const error = await failure(store.append(`order-${n}`, [event], 'none'));
      t.match(error, { name: 'EventStoreUnavailable', message }, JSON.stringify(fault));
      t.equal(server.events.length, n);
      server.faults.clear();
      t.match(await store.append(`order-${n}`, [event], 'none'), { revision: 0 }, 'and again, when it is over');
    }
  },
);

void t.test(
  'credentials that the client would ignore, and failures it would report as successes, are refused',
  async (t) => {
    const { faults } = readEventStoreUrl(`esdb://u:${SECRET}@h?tls=false&throwOnAppendFailure=false`, '/');
    t.match(faults.join(), /has user and password with tls=false/);
    t.match(faults.join(), /throwOnAppendFailure is true/);
    t.notMatch(faults.join(), SECRET);
  },
);
