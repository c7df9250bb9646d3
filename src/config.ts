/** Environment → one frozen object. The only reader of the environment; every problem is told at once. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isatty } from 'node:tty';
import { z } from 'zod';
import { type AccessConfig, readAccess } from './access/config.js';
import { KEY_BYTES } from './crypto/wrapped-key.js';
import { type Bucket, readBucketUrl } from './documents/bucket-url.js';
import { readDotEnv } from './dot-env.js';
import { eventStoreDb } from './engine/index.js';

export interface Config {
  /** Null: the embedded Postgres. */
  readonly databaseUrl: string | null;
  /** As the client of EventStoreDB takes it; may hold a password. Null: the log is in the database. */
  readonly eventStoreUrl: string | null;
  /** Absolute. Embedded database, documents, generated secrets. */
  readonly dataDir: string;
  /** Absolute path of a folder in the import format, or null. */
  readonly seed: string | null;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** 32 bytes, or null where one is made in the data folder. */
  readonly masterKey: Buffer | null;
  /** During a rotation of the master key: the one that replaces it. Null otherwise. */
  readonly nextMasterKey: Buffer | null;
  readonly access: AccessConfig;
  readonly uploadMaxBytes: number;
  /** Where the documents are; null: in the data folder. */
  readonly bucket: Bucket | null;
  /** For how long a standby build is kept. */
  readonly keepBuildSeconds: number;
  /** For how long an as-of build is kept after its last use. */
  readonly snapshotKeepSeconds: number;
  /** Of all as-of builds together. */
  readonly snapshotMaxMb: number;
  /** For how long the response to a command with an `Idempotency-Key` is kept. */
  readonly idempotencyKeepSeconds: number;
  /** Between two verifications in `serve`; 0 for none. */
  readonly verifyEverySeconds: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly logFormat: 'pretty' | 'json';
}

/** The environment says something that can't be meant. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(
      `the configuration has ${problems.length} problem${problems.length > 1 ? 's' : ''}:\n  - ${problems.join('\n  - ')}`,
    );
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const DEFAULT_UPLOAD = 10 * 1024 * 1024;
/** A check holds the whole document in memory, several times. */
const MOST_UPLOAD = 128 * 1024 * 1024;

/**
 * Reads the configuration, `.env` in the working folder included; what is set in the environment goes before it.
 * @throws ConfigError with every problem
 */
export function readConfig(environment: Environment, cwd: string): Config {
  const problems: string[] = [];
  const env = new Reading(withDotEnv(environment, cwd, problems), cwd, problems);
  const dataDir = resolve(cwd, env.text('ORDERLOG_DATA_DIR') ?? '.orderlog');
  if (existsSync(dataDir) && !isFolder(dataDir))
    problems.push(`ORDERLOG_DATA_DIR: ${dataDir} is no folder: name another`);
  const databaseUrl = databaseUrlOf(env);
  const host = env.text('HOST') ?? '127.0.0.1';
  const config: Config = {
    databaseUrl,
    eventStoreUrl: eventStoreUrlOf(env, cwd),
    dataDir,
    seed: seedOf(env, cwd, databaseUrl),
    host,
    port: env.integer('PORT', 3000, 0, 65_535),
    access: readAccess(env, host, databaseUrl === null),
    bucket: bucketOf(env),
    ...masterKeysOf(env, databaseUrl),
    uploadMaxBytes: env.integer('UPLOAD_MAX_BYTES', DEFAULT_UPLOAD, 1, MOST_UPLOAD),
    keepBuildSeconds: env.integer('KEEP_BUILD_SECONDS', 3_600, 0, 30 * 86_400),
    snapshotKeepSeconds: env.integer('SNAPSHOT_KEEP_SECONDS', 3_600, 0, 30 * 86_400),
    snapshotMaxMb: env.integer('SNAPSHOT_MAX_MB', 1_024, 1, 1024 ** 2),
    idempotencyKeepSeconds: env.integer('IDEMPOTENCY_KEEP_SECONDS', 86_400, 86_400, 30 * 86_400),
    verifyEverySeconds: env.integer('VERIFY_EVERY_SECONDS', 0, 0, 30 * 86_400),
    logLevel: env.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    logFormat: env.oneOf('LOG_FORMAT', ['pretty', 'json'] as const, isatty(1) ? 'pretty' : 'json'),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

/** One environment, its faults gathered. */
class Reading {
  constructor(
    private readonly env: Environment,
    private readonly cwd: string,
    readonly problems: string[],
  ) {}

  /** Empty counts as not set. */
  text(name: string): string | undefined {
    const value = this.env[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** From the variable or from the file that NAME_FILE names. */
  secret(name: string): string | undefined {
    const value = this.text(name);
    const file = this.text(`${name}_FILE`);
    if (file === undefined) return value;
    if (value !== undefined) this.problems.push(`${name} and ${name}_FILE are both set: unset one`);
    try {
      return readFileSync(resolve(this.cwd, file), 'utf8').trim();
    } catch (error) {
      this.problems.push(`${name}_FILE: ${file} can not be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
      return undefined;
    }
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const digits = z.string().regex(/^\d{1,12}$/);
    const whole = digits.transform(Number).pipe(z.int().min(min).max(max));
    return this.#parsed(name, whole, `a whole number from ${min} to ${max}`) ?? fallback;
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    return this.#parsed(name, z.literal(values), `one of ${values.join(', ')}`) ?? fallback;
  }

  /** Undefined where it is not set, or is not what it should be. */
  #parsed<T>(name: string, schema: z.ZodType<T>, what: string): T | undefined {
    const text = this.text(name);
    const { success, data } = schema.optional().safeParse(text);
    if (!success) this.problems.push(`${name} is ${JSON.stringify(text)}: it is ${what}`);
    return data;
  }
}

function withDotEnv(environment: Environment, cwd: string, problems: string[]): Environment {
  const file = join(cwd, '.env');
  if (!existsSync(file)) return environment;
  try {
    const isSet = (name: string): boolean => environment[name] !== undefined;
    // A variable and its NAME_FILE are two ways to say the same: set in the environment, either goes before both.
    const { variables, problems: faults } = readDotEnv(readFileSync(file));
    problems.push(...faults);
    const added = Object.entries(variables).filter(
      ([name]) => !isSet(name) && !isSet(`${name}_FILE`) && !isSet(name.replace(/_FILE$/, '')),
    );
    return { ...Object.fromEntries(added), ...environment };
  } catch (error) {
    problems.push(`.env can not be read: ${(error as Error).message}`);
    return environment;
  }
}

function databaseUrlOf(env: Reading): string | null {
  const url = env.secret('DATABASE_URL');
  const password = env.secret('DATABASE_PASSWORD');
  if (url === undefined) {
    if (password !== undefined)
      env.problems.push('DATABASE_PASSWORD is set without DATABASE_URL: set both, or neither');
    return null;
  }
  // The URL may hold a password: it is not repeated.
  if (!/^postgres(ql)?:\/\/./.test(url) || !URL.canParse(url)) {
    env.problems.push('DATABASE_URL is no URL of the form postgres://user:password@host:port/database');
    return url;
  }
  return password === undefined ? url : withPassword(url, password, env.problems);
}

/** The password as it is, whatever characters it has: in a URL, some of them would have to be encoded by hand. */
function withPassword(url: string, password: string, problems: string[]): string {
  const [, scheme = '', user = '', rest = ''] = /^(postgres(?:ql)?:\/\/)(?:([^/?#]*)@)?(.*)$/s.exec(url) ?? [];
  if (user.includes(':')) problems.push('DATABASE_URL has a password, and DATABASE_PASSWORD is set: drop one of them');
  return `${scheme}${user}:${encodeURIComponent(password)}@${rest}`;
}

function eventStoreUrlOf(env: Reading, cwd: string): string | null {
  const text = env.secret('EVENTSTORE_URL');
  if (text === undefined) return null;
  const { url, faults } = eventStoreDb.readUrl(text, cwd);
  env.problems.push(...faults.map((fault) => `EVENTSTORE_URL ${fault}`));
  if (eventStoreDb.showsCredentials(env.text('DEBUG') ?? '')) {
    env.problems.push(
      'DEBUG turns on what the client of EventStoreDB writes of itself, passwords too: add -esdb* to it',
    );
  }
  return url && eventStoreDb.clientUrl(url);
}

function bucketOf(env: Reading): Bucket | null {
  const text = env.text('DOCUMENTS_URL');
  if (text === undefined) return null;
  const { bucket, faults } = readBucketUrl(text);
  env.problems.push(...faults.map((fault) => `DOCUMENTS_URL ${fault}`));
  return bucket;
}

function seedOf(env: Reading, cwd: string, databaseUrl: string | null): string | null {
  const text = env.text('SEED');
  if (text === 'none' || (text === undefined && databaseUrl !== null)) return null;
  const folder = text === undefined ? join(import.meta.dirname, '../../seed/demo') : resolve(cwd, text);
  if (!isFolder(folder)) env.problems.push(`SEED: there is no folder ${folder}; name one, or set SEED=none`);
  return folder;
}

const KEY_REMEDY = 'make one with: openssl rand -base64 32';

function masterKeysOf(env: Reading, databaseUrl: string | null): Pick<Config, 'masterKey' | 'nextMasterKey'> {
  const masterKey = keyOf(env, 'MASTER_KEY');
  const nextMasterKey = keyOf(env, 'MASTER_KEY_NEXT');
  if (masterKey === undefined && databaseUrl !== null) {
    env.problems.push(`MASTER_KEY is required with DATABASE_URL; ${KEY_REMEDY}`);
  }
  if (masterKey === undefined && nextMasterKey !== undefined) {
    env.problems.push('MASTER_KEY_NEXT is set without MASTER_KEY: set both, or unset it');
  }
  if (masterKey && nextMasterKey?.equals(masterKey)) {
    env.problems.push('MASTER_KEY_NEXT is the same key as MASTER_KEY: unset it, or set it to another one');
  }
  return { masterKey: masterKey ?? null, nextMasterKey: nextMasterKey ?? null };
}

/** Undefined where it is not set, null where it is no key. */
function keyOf(env: Reading, name: string): Buffer | null | undefined {
  const text = env.secret(name);
  if (text === undefined) return undefined;
  const key = Buffer.from(text, 'base64');
  if (key.length === KEY_BYTES && key.toString('base64') === text) return key;
  env.problems.push(`${name} is not ${KEY_BYTES} bytes in base64; ${KEY_REMEDY}`);
  return null;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
