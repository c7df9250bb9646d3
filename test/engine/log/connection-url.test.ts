import { createRequire } from 'node:module';
import t from 'tap';
import { clientUrl, readEventStoreUrl } from '../../../src/engine/log/eventstoredb/connection-url.js';

const SECRET = 'hush';

/** Any one will do; its key is lost. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUaFGX6HRopGwOJgHKvMQT2HLZ2aswCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAgFw0yNjExMjUxNzQ4MDFaGA8yMTI2MTEwMTE3NDgwMVow
DDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGbY1SC6/k3D
1StBqJO8G86Y0oC2Bs9Jw/f4cFVU44mS8M8GFBZJ9FnzPTO40JPlPIozLSBlAspm
HIymTwIsWT2jUzBRMB0GA1UdDgQWBBS7jT0ov3ngDUnjXbHGw13UVomBHjAfBgNV
HSMEGDAWgBS7jT0ov3ngDUnjXbHGw13UVomBHjAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIC0ICMe3+nQXjNgtJgYhAeaor8UDIbylANR1krAfXJfR
AiEA5NDYRB33ValL/KJqncLwelAWlb4z74+raAy88ylZIpc=
-----END CERTIFICATE-----
`;

/** What the client itself makes of a string. */
const { parseConnectionString } = createRequire(import.meta.url)(
  '@eventstore/db-client/dist/Client/parseConnectionString.js',
) as { parseConnectionString: (text: string) => Record<string, unknown> };

function read(text: string, cwd = '/'): { client: string | null; faults: readonly string[] } {
  const { url, faults } = readEventStoreUrl(text, cwd);
  return { client: url && clientUrl(url), faults };
}

const taken: readonly (readonly [text: string, client: string])[] = [
  ['esdb://localhost', 'esdb://localhost:2113'],
  [' esdb://localhost:2113/ ', 'esdb://localhost:2113'],
  ['kurrentdb://127.0.0.1:2114?tls=false', 'esdb://127.0.0.1:2114?tls=false'],
  ['esdb+discover://cluster.internal', 'esdb+discover://cluster.internal:2113'],
  ['kurrentdb+discover://u:hush@c', 'esdb+discover://u:hush@c:2113'],
  ['esdb://a:1,b,c_3:3/?Node-Preference=Leader', 'esdb://a:1,b:2113,c_3:3?nodePreference=Leader'],
  ['esdb://u%3A:hu%40sh%2F%25@h?tls=true', 'esdb://u%3A:hu%40sh%2F%25@h:2113?tls=true'],
  ['esdb://u:hu/sh@h', 'esdb://u:hu%2Fsh@h:2113'],
  [
    'esdb://h?keepAliveInterval=-1&keep_alive_timeout=10000',
    'esdb://h:2113?keepAliveInterval=-1&keepAliveTimeout=10000',
  ],
  ['esdb://h?connectionName=order%20log%26co', 'esdb://h:2113?connectionName=order%20log%26co'],
];

for (const [text, client] of taken) {
  t.test(`takes ${text}`, async (t) => {
    t.same(read(text), { client, faults: [] });
    const { url } = readEventStoreUrl(text, '/');
    const { defaultCredentials, hosts, dnsDiscover } = parseConnectionString(client);
    t.same(hosts, url?.hosts, 'the client reads the same hosts');
    t.same(defaultCredentials ?? null, url?.credentials, 'and the same credentials');
    t.equal(dnsDiscover, url?.discover);
    t.same(read(client), { client, faults: [] }, 'and so do we, again');
  });
}

const refused: readonly (readonly [title: string, text: string, fault: RegExp])[] = [
  ['another scheme', 'https://u:hush@h', /^begins with esdb:\/\//],
  ['a scheme in capitals, which the client does not take', 'ESDB://h', /^begins with/],
  ['nothing', '', /^begins with/],
  ['no host', 'esdb://', /^host 1 /],
  ['an empty host', 'esdb://a,,b', /^host 2 /],
  ['a port that is none, which the client cuts off', 'esdb://a:2113x', /^host 1 /],
  ['a port beyond the last', 'esdb://a:70000', /^host 1 /],
  ['an address in brackets, which the client can not read', 'esdb://[::1]:2113', /^host 1 /],
  ['a path', 'esdb://a/hush', /^host 1 /],
  ['a user without a password, whom the client takes for a host', 'esdb://hush@h', /^names a user/],
  ['an empty password', 'esdb://u:@h', /^names a user/],
  ['a colon in the password, where the client cuts it off', 'esdb://u:hu:hush@h', /^names a user/],
  ['a % that begins no escape', 'esdb://u:hush%@h', /^names a user/],
  ['an @ in the password, where the client sees a host', 'esdb://u:hush@hush@h', /^has a @ or \?/],
  ['a ? in the password', 'esdb://u:hush?hush@h', /^has a @ or \?/],
  ['an @ in a value, which the client takes for credentials', 'esdb://h:1?connectionName=hush@x', /^has a @ or \?/],
  ['a parameter that nobody knows', 'esdb://h?maxRetries=3', /does not know: maxRetries \(it knows tls, /],
  ['a parameter that is only known to the code', 'esdb://h?dnsDiscover=true', /does not know: dnsDiscover/],
  ['a parameter whose name is none', 'esdb://h?hu sh:=3', /does not know: something that is no name/],
  ['a parameter without a value', 'esdb://h?tls=', /^tls has no value/],
  ['a value with a broken escape', 'esdb://h?connectionName=%zz', /^connectionName has no value, or/],
  ['a parameter that is given twice', 'esdb://h?tls=true&TLS=false', /^tls is given twice/],
  ['a flag that is none', 'esdb://h?tls=no', /^tls is true or false/],
  ['a number with a unit, which the client cuts off', 'esdb://h?defaultDeadline=10s', /^defaultDeadline is a whole/],
  ['a keep-alive below what is good for the server', 'esdb://h?keepAliveInterval=5000', /from 10000 to .*-1: off/],
  ['a time-out of gossip that was meant in milliseconds', 'esdb://a,b?gossipTimeout=5000', /seconds, with this client/],
  ['commands on what a follower has', 'esdb://a,b?nodePreference=follower', /^nodePreference is leader/],
  ['failures that are reported as successes', 'esdb://h?throwOnAppendFailure=false', /^throwOnAppendFailure is true/],
  ['certificates that are not looked at', 'esdb://h?tlsVerifyCert=false', /^tlsVerifyCert has no effect.*tlsCAFile/],
  ['credentials without TLS', 'esdb://u:hush@h?tls=false', /^has user and password with tls=false/],
  ['several hosts to discover from', 'esdb+discover://a,b', /^names several hosts/],
  ['settings of a cluster for one host', 'esdb://h?discoveryInterval=100', /^discoveryInterval: without effect/],
  ['an authority without TLS', 'esdb://h?tls=false&tlsCAFile=ca', /^tlsCAFile: without effect/],
  ['a certificate without its key', 'esdb://h?userCertFile=ca', /^userCertFile and userKeyFile go together/],
  ['a file that is not there', 'esdb://h?tlsCAFile=gone', /^tlsCAFile: \S*gone can not be read \(ENOENT\)/],
  ['a file that is no certificate', 'esdb://h?tlsCAFile=text', /^tlsCAFile: \S*text holds no certificate/],
];

for (const [title, text, fault] of refused) {
  t.test(`refuses ${title}`, async (t) => {
    const folder = t.testdir({ text: 'hello', ca: CERTIFICATE });
    const { client, faults } = read(text, folder);
    t.equal(client, null);
    t.equal(faults.length, 1, faults.join('; '));
    t.match(faults[0], fault);
    t.notMatch(faults.join(), SECRET, 'nothing of it is repeated');
  });
}

t.test('tells everything that is wrong at once', async (t) => {
  const { faults } = read('esdb://u:hush@a:0,b?tls=false&x=1&defaultDeadline=0&userCertFile=gone');
  t.equal(faults.length, 7, faults.join('\n'));
});

t.test('takes files that are there, wherever it is started', async (t) => {
  const folder = t.testdir({ 'ca.crt': CERTIFICATE, key: 'key' });
  const text = 'esdb://h?tlsCAFile=ca.crt&userCertFile=ca.crt&userKeyFile=key';
  t.same(read(text, folder), {
    client: `esdb://h:2113?${['tlsCAFile', 'userCertFile'].map((name) => `${name}=${encodeURIComponent(`${folder}/ca.crt`)}`).join('&')}&userKeyFile=${encodeURIComponent(`${folder}/key`)}`,
    faults: [],
  });
});

t.test('what may be shown of it are the hosts', async (t) => {
  const { url } = readEventStoreUrl('esdb://u:hush@a:1,b', '/');
  const hosts = url?.hosts.map(({ address, port }) => `${address}:${port}`);
  t.same(hosts, ['a:1', 'b:2113']);
});
