/**
 * The connection string of EventStoreDB, read more strictly than the client does: it takes a wrong one for another one,
 * prints it whole when it warns, and passes over what it does not know. No message here repeats the string.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export interface EventStoreHost {
  readonly address: string;
  readonly port: number;
}

export interface EventStoreUrl {
  /** The one host is asked for the members of the cluster. */
  readonly discover: boolean;
  readonly hosts: readonly EventStoreHost[];
  readonly credentials: { readonly username: string; readonly password: string } | null;
  /** By the names that the client knows, unescaped. */
  readonly parameters: Readonly<Parameters>;
}

const DEFAULT_PORT = 2113;
/** Less than that is a strain for the server, says the client. */
const MIN_KEEP_ALIVE_MS = 10_000;

type Judge = (value: string) => string | null;
type ParameterName = keyof typeof PARAMETERS;
type Parameters = Partial<Record<ParameterName, string>>;

const integer =
  (min: number, max: number, unit: string): Judge =>
  (value) =>
    /^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max
      ? null
      : `is a whole number from ${min} to ${max} (${unit})`;
const keepAlive: Judge = (value) =>
  value === '-1' ? null : integer(MIN_KEEP_ALIVE_MS, 3_600_000, 'milliseconds; -1: off')(value);
const flag: Judge = (value) => (value === 'true' || value === 'false' ? null : 'is true or false');
const any: Judge = () => null;

/** What the client knows, and which values can be meant. */
const PARAMETERS = {
  tls: flag,
  tlsCAFile: any,
  userCertFile: any,
  userKeyFile: any,
  connectionName: any,
  defaultDeadline: integer(1, 3_600_000, 'milliseconds'),
  keepAliveInterval: keepAlive,
  keepAliveTimeout: keepAlive,
  maxDiscoverAttempts: integer(1, 1_000, 'attempts'),
  discoveryInterval: integer(1, 3_600_000, 'milliseconds'),
  gossipTimeout: integer(1, 60, 'seconds, with this client'),
  nodePreference: (value) =>
    flat(value) === 'leader' ? null : 'is leader: commands are decided on what the leader has, on the same connection',
  tlsVerifyCert: (value) =>
    value === 'true' ? null : 'has no effect with this client: name the authority with tlsCAFile',
  throwOnAppendFailure: (value) =>
    value === 'true' ? null : 'is true: otherwise a refused append is reported as one that worked',
} satisfies Readonly<Record<string, Judge>>;

/** They mean nothing to the client when it is given one host. */
const OF_CLUSTERS = ['maxDiscoverAttempts', 'discoveryInterval', 'gossipTimeout', 'nodePreference'] as const;
const OF_TLS = ['tlsCAFile', 'userCertFile', 'userKeyFile'] as const;

/**
 * Reads a connection string, and says everything that is wrong with it.
 * @param cwd where the files that it names are looked for
 * @returns a URL that the client will take as it is meant, or null with at least one fault
 */
export function readEventStoreUrl(text: string, cwd: string): { url: EventStoreUrl | null; faults: readonly string[] } {
  const faults: string[] = [];
  const parts = /^(esdb|kurrentdb)(\+discover)?:\/\/(?:([^@?]*)@)?([^?@]*)(?:\?([^@]*))?$/.exec(text.trim());
  if (!parts) return { url: null, faults: [formOf(text)] };
  const [, , discover, credentials, hosts = '', query] = parts;
  const parameters = readParameters(query, faults);
  for (const name of OF_TLS) if (parameters[name] !== undefined) parameters[name] = resolve(cwd, parameters[name]);
  const url = {
    discover: discover !== undefined,
    hosts: readHosts(hosts, faults),
    credentials: credentials === undefined ? null : readCredentials(credentials, faults),
    parameters,
  };
  faults.push(...contradictions(url), ...fileFaults(parameters));
  return { url: faults.length === 0 ? url : null, faults };
}

/** The same connection in the client's own words, with nothing that it could misread. */
export function clientUrl({ discover, hosts, credentials, parameters }: EventStoreUrl): string {
  const e = encodeURIComponent;
  const who = credentials ? `${e(credentials.username)}:${e(credentials.password)}@` : '';
  const where = hosts.map(({ address, port }) => `${address}:${port}`).join(',');
  const how = Object.entries(parameters).map(([name, value]) => `${name}=${e(value)}`);
  return `esdb${discover ? '+discover' : ''}://${who}${where}${how.length > 0 ? `?${how.join('&')}` : ''}`;
}

/** What the client writes to standard error under DEBUG holds user, password and keys. */
const CHANNELS = ['esdb', 'esdb:command', 'esdb:command:grpc', 'esdb:connection', 'esdb:events'];

/** Whether a value of DEBUG, as the package `debug` reads it, turns on a channel of the client. */
export function showsCredentials(debug: string): boolean {
  const names = debug.split(/[\s,]+/).filter((name) => name !== '');
  const covers = (name: string, channel: string): boolean =>
    new RegExp(`^${name.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(channel);
  const on = names.filter((name) => !name.startsWith('-'));
  const off = names.filter((name) => name.startsWith('-')).map((name) => name.slice(1));
  return CHANNELS.some(
    (channel) => on.some((name) => covers(name, channel)) && !off.some((name) => covers(name, channel)),
  );
}

function formOf(text: string): string {
  if (!/^(?:esdb|kurrentdb)(?:\+discover)?:\/\//.test(text.trim())) {
    return 'begins with esdb://, esdb+discover://, kurrentdb:// or kurrentdb+discover://';
  }
  return 'has a @ or ? where none belongs: in user, password and values they are written %40 and %3F';
}

function readCredentials(text: string, faults: string[]): EventStoreUrl['credentials'] {
  const [username, password, ...more] = text.split(':').map(unescaped);
  if (!username || !password || more.length > 0) {
    faults.push('names a user not in the form user:password@, with : and % in either written %3A and %25');
    return null;
  }
  return { username, password };
}

function readHosts(text: string, faults: string[]): readonly EventStoreHost[] {
  return text
    .replace(/\/$/, '')
    .split(',')
    .map((host, i) => {
      const [, address = '', port = String(DEFAULT_PORT)] = /^([a-z\d._-]+)(?::(\d{1,5}))?$/i.exec(host.trim()) ?? [];
      const ok = address !== '' && Number(port) > 0 && Number(port) < 65_536;
      if (!ok) faults.push(`host ${i + 1} is not of the form name:port (a name or an IPv4 address)`);
      return { address, port: Number(port) };
    });
}

function readParameters(query: string | undefined, faults: string[]): Parameters {
  const found: Parameters = {};
  for (const pair of (query ?? '').split('&').filter((one) => one !== '')) {
    const [, given = '', raw = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const name = knownName(given);
    const value = unescaped(raw.trim());
    if (name === undefined) {
      const shown = /^\w{1,30}$/.test(given) ? given : 'something that is no name';
      faults.push(`has a parameter that the client does not know: ${shown} (it knows ${NAMES.join(', ')})`);
    } else if (!value) faults.push(`${name} has no value, or one with a % that is no escape (%25)`);
    else if (name in found) faults.push(`${name} is given twice`);
    else {
      const fault = PARAMETERS[name](value);
      if (fault !== null) faults.push(`${name} ${fault}`);
      found[name] = value;
    }
  }
  return found;
}

function contradictions({ discover, hosts, credentials, parameters }: EventStoreUrl): readonly string[] {
  const faults: string[] = [];
  if (discover && hosts.length > 1) faults.push('names several hosts, of which +discover takes the first: name one');
  const useless = discover || hosts.length > 1 ? [] : OF_CLUSTERS.filter((name) => name in parameters);
  if (useless.length > 0) faults.push(`${useless.join(', ')}: without effect for one host; name all, or use +discover`);
  const insecure = parameters.tls === 'false';
  if (insecure && credentials) {
    faults.push('has user and password with tls=false: the client would not send them; drop either');
  }
  const forTls = OF_TLS.filter((name) => name in parameters);
  if (insecure && forTls.length > 0) faults.push(`${forTls.join(', ')}: without effect with tls=false`);
  if ('userCertFile' in parameters !== 'userKeyFile' in parameters) {
    faults.push('userCertFile and userKeyFile go together');
  }
  return faults;
}

function fileFaults(parameters: EventStoreUrl['parameters']): readonly string[] {
  return OF_TLS.flatMap((name) => {
    const file = parameters[name];
    if (file === undefined) return [];
    try {
      const content = readFileSync(file);
      if (name !== 'userKeyFile') new X509Certificate(content);
      return [];
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      return [`${name}: ${file} ${/^E[A-Z]+$/.test(code) ? `can not be read (${code})` : 'holds no certificate'}`];
    }
  });
}

const NAMES = Object.keys(PARAMETERS) as readonly ParameterName[];

/** As the client does: capitals, dashes and underscores do not matter. */
function knownName(given: string): ParameterName | undefined {
  return NAMES.find((name) => flat(name) === flat(given));
}

function flat(text: string): string {
  return text.trim().toLowerCase().replaceAll(/[_-]/g, '');
}

/** Null for a % that begins no escape. */
function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
