import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ConfigError, type Environment, readConfig } from '../src/config.js';
import { sessionConfig } from '../src/engine/postgres/session.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const SERVER = { DATABASE_URL: 'postgres://u:hush@db.internal/orderlog', MASTER_KEY: KEY, AUTH: 'none' };

/** What is wrong with an environment; nothing if it serves. */
function problemsOf(t: Test, environment: Environment, folder = t.testdir()): readonly string[] {
  try {
    readConfig(environment, folder);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

t.test('with nothing set, everything is embedded, on loopback, with the demo catalog', async (t) => {
  const folder = t.testdir();
  const config = readConfig({}, folder);
  t.match(config, {
    databaseUrl: null,
    eventStoreUrl: null,
    dataDir: join(folder, '.orderlog'),
    seed: /seed\/demo$/,
    host: '127.0.0.1',
    port: 3000,
    masterKey: null,
    bucket: null,
    nextMasterKey: null,
    uploadMaxBytes: 10 * 1024 * 1024,
    keepBuildSeconds: 3_600,
    snapshotKeepSeconds: 3_600,
    snapshotMaxMb: 1_024,
    idempotencyKeepSeconds: 86_400,
    verifyEverySeconds: 0,
    logLevel: 'info',
  });
  t.ok(Object.isFrozen(config));
});

t.test('with a database of its own there is no seed unless one is named', async (t) => {
  const folder = t.testdir({ shop: {} });
  t.equal(readConfig(SERVER, folder).seed, null);
  t.equal(readConfig({ ...SERVER, SEED: 'shop' }, folder).seed, join(folder, 'shop'));
  t.same(readConfig(SERVER, folder).masterKey, Buffer.alloc(32, 7));
  t.equal(readConfig({ SEED: 'none' }, folder).seed, null);
});

t.test('what is set is taken, and what is set to nothing is not set', async (t) => {
  const folder = t.testdir();
  const set = { PORT: '0', HOST: ' ::1 ', LOG_LEVEL: 'debug', LOG_FORMAT: 'json', ORDERLOG_DATA_DIR: '/srv/orders' };
  const kept = { SNAPSHOT_KEEP_SECONDS: '60', SNAPSHOT_MAX_MB: '5' };
  t.match(readConfig({ ...set, ...kept, UPLOAD_MAX_BYTES: '1000' }, folder), {
    snapshotKeepSeconds: 60,
    snapshotMaxMb: 5,
    port: 0,
    host: '::1',
    logLevel: 'debug',
    logFormat: 'json',
    dataDir: '/srv/orders',
    uploadMaxBytes: 1000,
  });
  t.match(readConfig({ PORT: '', HOST: ' ', SEED: '' }, folder), { port: 3000, host: '127.0.0.1', seed: /demo$/ });
});

t.test('.env is read, and the environment goes before it', async (t) => {
  const folder = t.testdir({
    '.env': '# mine\nPORT=4000\nexport HOST="127.0.0.2"\nLOG_LEVEL=warn # quiet\nMASTER_KEY_FILE=nowhere\n',
  });
  const config = readConfig({ PORT: '5000', MASTER_KEY: KEY }, folder);
  t.match(config, { port: 5000, host: '127.0.0.2', logLevel: 'warn' });
  t.same(config.masterKey, Buffer.alloc(32, 7), 'also where .env says it in the other way');
});

t.test('a .env that can not be read is told', async (t) => {
  t.match(problemsOf(t, {}, t.testdir({ '.env': {} })), [/^\.env can not be read/]);
});

t.test('.env may begin with a byte order mark, and its lines may end in each way', async (t) => {
  const first = (text: string | Buffer): number => readConfig({}, t.testdir({ '.env': text })).port;
  for (const text of [
    '\ufeffPORT=4000\n',
    '\ufeffPORT=4000',
    '\ufeff# mine\r\nPORT=4000\r\n',
    '\ufeff\nexport PORT="4000"\n',
  ])
    t.equal(first(text), 4000, JSON.stringify(text));
  t.match(readConfig({}, t.testdir({ '.env': 'PORT=4000\rHOST=127.0.0.2\r' })), { port: 4000, host: '127.0.0.2' });
});

t.test('.env may hold comments, blanks, quotes and values of several lines', async (t) => {
  const text = [
    '',
    '  # a comment, and a line of blanks',
    ' \t ',
    'NOTE="first',
    'second = nothing"  # ends here',
    "OTHER='a # b'",
    'THIRD=`it"s`',
    'EMPTY=',
    'LOG_LEVEL = warn # quiet',
    'URL=postgres://u:p@h/d?a=b#c',
    'PORT=4000',
  ].join('\n');
  t.match(readConfig({}, t.testdir({ '.env': text })), { port: 4000, logLevel: 'warn' });
});

t.test('a line of .env that can not be read is told by its number, and nothing of it is repeated', async (t) => {
  const bad: readonly (readonly [line: number, text: string])[] = [
    [1, 'hush'],
    [2, 'PORT=4000\nMASTER_KEY: hush\n'],
    [3, '# one\n\nset PORT=hush\n'],
    [2, 'PORT=4000\r\n=hush\r\n'],
    [1, '1PORT=hush'],
    [2, 'PORT=4000\n\ufeffHOST=hush'],
    [2, 'PORT=4000\nHOST="hush\n'],
    [1, 'MASTER_KEY="hush\nPORT="4000"\n'],
    [2, 'PORT=4000\n\u00a0HOST=hush\n'],
    [2, 'PORT=4000\nMASTER_KEY=hu\0sh\n'],
    [1, 'PORT="4000" hush\n'],
  ];
  for (const [line, text] of bad) {
    const problems = problemsOf(t, {}, t.testdir({ '.env': text }));
    t.same(
      problems,
      [`.env, line ${line} is not NAME=value: correct it, or put # in front of it`],
      JSON.stringify(text),
    );
  }
  for (const bytes of [Buffer.from('\ufeffPORT=4000\n', 'utf16le'), Buffer.from('NAME=Zo\u00eb\n', 'latin1')]) {
    t.same(problemsOf(t, {}, t.testdir({ '.env': bytes })), ['.env is not UTF-8: save it as UTF-8']);
  }
});

t.test('a secret can come from a file', async (t) => {
  const folder = t.testdir({ key: `${KEY}\n`, url: `${SERVER.DATABASE_URL}\n` });
  const config = readConfig({ MASTER_KEY_FILE: 'key', DATABASE_URL_FILE: join(folder, 'url'), AUTH: 'none' }, folder);
  t.same(config.masterKey, Buffer.alloc(32, 7));
  t.equal(config.databaseUrl, SERVER.DATABASE_URL);
});

const PASSWORDS = ['a/b#c?d@e%f', '%2F', ':@:', 'x+y=z/', 'ä ö', `q'"\\&`];

t.test('the password of the database is taken as it is, from a variable or a file', async (t) => {
  for (const password of PASSWORDS) {
    const folder = t.testdir({ password: `${password}\n` });
    for (const [url, user] of [
      ['postgres://u@h:1234/d?sslmode=disable', 'u'],
      ['postgresql://u@h/d', 'u'],
    ] as const) {
      const server = { ...SERVER, DATABASE_URL: url };
      for (const given of [{ DATABASE_PASSWORD: password }, { DATABASE_PASSWORD_FILE: 'password' }]) {
        const { databaseUrl } = readConfig({ ...server, ...given }, folder);
        const session = sessionConfig(databaseUrl ?? '', { kind: 'request', applicationName: 'test' });
        t.match({ ...session, password: session.password }, { user, password, database: 'd', host: 'h' });
      }
    }
  }
});

t.test('docker-compose.yml passes any password on', async (t) => {
  const text = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8');
  const [, environment = ''] = /x-orderlog:(?:.*\n)+? {2}environment:\n((?: {4}.*\n)+)/.exec(text) ?? [];
  for (const password of PASSWORDS) {
    const values = { POSTGRES_PASSWORD: password, MASTER_KEY: KEY };
    const variables = [...environment.matchAll(/^ {4}([A-Z_]+): (.*)$/gm)].map(([, name = '', value = '']) => {
      const given = value.replace(/\$\{(\w+):([-?])([^}]*)\}/g, (_, of: string, kind: string, other: string) => {
        return values[of as keyof typeof values] ?? (kind === '-' ? other : t.fail(of));
      });
      return [name, given];
    });
    const { databaseUrl } = readConfig(Object.fromEntries(variables) as Environment, t.testdir({}));
    t.match(sessionConfig(databaseUrl ?? '', { kind: 'request', applicationName: 'test' }).password, password);
  }
});

t.test(
  'the event store can be named in each way, also from a file, and is kept in the words of its client',
  async (t) => {
    const folder = t.testdir({ url: 'kurrentdb+discover://ops:p%40ss@cluster.internal?tls=true\n' });
    t.equal(readConfig({}, folder).eventStoreUrl, null);
    t.equal(readConfig({ EVENTSTORE_URL: 'esdb://a/?tls=false' }, folder).eventStoreUrl, 'esdb://a:2113?tls=false');
    const { eventStoreUrl, seed } = readConfig({ EVENTSTORE_URL_FILE: 'url', DEBUG: 'app:*,*,-esdb*' }, folder);
    t.equal(eventStoreUrl, 'esdb+discover://ops:p%40ss@cluster.internal:2113?tls=true');
    t.match(seed, /demo$/, 'the database is still the embedded one');
  },
);

t.test('a secret that is given twice, or by a file that is not there, is told', async (t) => {
  const folder = t.testdir({ key: KEY });
  t.same(problemsOf(t, { MASTER_KEY: KEY, MASTER_KEY_FILE: 'key' }, folder), [
    'MASTER_KEY and MASTER_KEY_FILE are both set: unset one',
  ]);
  t.same(problemsOf(t, { MASTER_KEY_FILE: 'gone' }, folder), ['MASTER_KEY_FILE: gone can not be read (ENOENT)']);
});

const refused: readonly (readonly [title: string, environment: Environment, problem: RegExp])[] = [
  ['room for no snapshot', { SNAPSHOT_MAX_MB: '0' }, /^SNAPSHOT_MAX_MB is "0": it is a whole number from 1 to/],
  ['a port that is none', { PORT: '65536' }, /^PORT is "65536": it is a whole number from 0 to 65535/],
  ['a port in words', { PORT: '3e3' }, /^PORT/],
  ['a negative upload limit', { UPLOAD_MAX_BYTES: '-1' }, /^UPLOAD_MAX_BYTES/],
  ['documents too large to check', { UPLOAD_MAX_BYTES: '1000000000' }, /^UPLOAD_MAX_BYTES/],
  ['documents in no bucket', { DOCUMENTS_URL: 'https://proofs.test' }, /^DOCUMENTS_URL.*s3:/],
  ['a log level that is none', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL is "loud": it is one of .*silent/],
  ['a log format that is none', { LOG_FORMAT: 'xml' }, /^LOG_FORMAT/],
  ['a seed folder that is not there', { SEED: 'nowhere' }, /^SEED: there is no folder .*nowhere/],
  ['a database URL of another kind', { ...SERVER, DATABASE_URL: 'mysql://u:hush@h/d' }, /^DATABASE_URL/],
  [
    'a password of the database given twice',
    { ...SERVER, DATABASE_URL: 'postgres://u:hush@h/d', DATABASE_PASSWORD: 'hush' },
    /^DATABASE_URL has a password, and DATABASE_PASSWORD is set/,
  ],
  ['a password without a database', { DATABASE_PASSWORD: 'hush' }, /^DATABASE_PASSWORD is set without DATABASE_URL/],
  ['a database URL without a host', { ...SERVER, DATABASE_URL: 'postgres://' }, /^DATABASE_URL/],
  ['a server without a master key', { ...SERVER, MASTER_KEY: undefined }, /^MASTER_KEY is required.*openssl rand/],
  ['a master key that is too short', { MASTER_KEY: KEY.slice(4) }, /^MASTER_KEY is not 32 bytes/],
  ['a master key in other letters', { MASTER_KEY: `${'_'.repeat(43)}=` }, /^MASTER_KEY is not 32 bytes/],
  ['no access control on another address', { AUTH: 'none', HOST: '0.0.0.0' }, /^AUTH=none serves the loopback/],
  ['no access control on every address', { AUTH: 'none', HOST: '::' }, /^AUTH=none serves the loopback/],
  ['a name that only begins like loopback', { AUTH: 'none', HOST: '127.0.0.1.example.org' }, /^AUTH=none/],
  ['a kind of access control that is none', { AUTH: 'off' }, /^AUTH is "off": it is none or required/],
  [
    'an event store URL of another kind',
    { EVENTSTORE_URL: 'http://u:hush@h:2113' },
    /^EVENTSTORE_URL begins with esdb/,
  ],
  [
    'credentials that would not be sent',
    { EVENTSTORE_URL: 'esdb://u:hush@h?tls=false' },
    /^EVENTSTORE_URL has user and/,
  ],
  ...['*', 'esdb', 'app esdb:conn*', 'esdb:*,-esdb:command*'].map(
    (DEBUG) =>
      [
        `DEBUG=${DEBUG}, which would print credentials`,
        { EVENTSTORE_URL: 'esdb://u:hush@h', DEBUG },
        /^DEBUG/,
      ] as const,
  ),
];

for (const [title, environment, problem] of refused) {
  t.test(`refuses ${title}`, async (t) => {
    const problems = problemsOf(t, environment);
    t.match(problems, [problem]);
    t.equal(problems.length, 1, 'and nothing else');
    t.notMatch(problems.join(), 'hush', 'secrets are not repeated');
  });
}

t.test('refuses a data folder that is a file', async (t) => {
  t.match(problemsOf(t, { ORDERLOG_DATA_DIR: 'data' }, t.testdir({ data: '' })), [
    /^ORDERLOG_DATA_DIR: .* is no folder/,
  ]);
});

t.test('asks for access control off loopback and with a server, unless it is told otherwise', async (t) => {
  const auth = (environment: Environment): string => readConfig(environment, t.testdir()).access.auth;
  t.equal(auth({}), 'none');
  t.equal(auth({ AUTH: 'required' }), 'required');
  t.equal(auth({ HOST: '192.0.2.1' }), 'required');
  t.equal(auth({ HOST: '::' }), 'required');
  t.equal(auth({ ...SERVER, AUTH: undefined }), 'required');
  t.equal(auth(SERVER), 'none');
});

t.test('serves loopback without access control under each of its names, with a server too', async (t) => {
  for (const HOST of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    t.same(problemsOf(t, { HOST }), []);
    t.same(problemsOf(t, { ...SERVER, HOST }), []);
  }
});

t.test('tells everything that is wrong at once', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, '.env'));
  const environment = { PORT: 'x', LOG_LEVEL: 'x', SEED: 'x', MASTER_KEY: 'x', HOST: '0.0.0.0', AUTH: 'none' };
  t.equal(problemsOf(t, { ...environment, TRUST_PROXY: 'x' }, folder).length, 7);
  t.throws(() => readConfig(environment, folder), /the configuration has 6 problems:\n {2}- /);
});
