/** Applications with access control, for tests. */
import type { Test } from 'tap';
import type { Access, AccessControl } from '../../src/access/guard-routes.js';
import type { Caller } from '../../src/access/caller.js';
import type { AccessConfig } from '../../src/access/config.js';
import type { AppDeps } from '../../src/app.js';
import type { App } from '../../src/http/app-type.js';
import { failing, openAccess as sampleAccess, sampleApp } from '../http/sample-app.js';
import { openAccess } from '../support/running-app.js';

export const required: AccessConfig = { ...openAccess, auth: 'required' };

export const ADA: Caller = { kind: 'customer', id: '018f0000-0000-7000-8000-00000000000a', keyId: 'key-of-ada' };
export const CLERK: Caller = { kind: 'clerk', id: 'key-of-clerk', keyId: 'key-of-clerk' };
export const ADMIN: Caller = { kind: 'admin', id: 'key-of-admin', keyId: 'key-of-admin' };

const KEYS: Readonly<Record<string, Caller>> = { ada: ADA, clerk: CLERK, admin: ADMIN };

/** The sample with access control and no database: `Bearer ada`, `Bearer clerk` and `Bearer admin` are valid. */
export async function guardedSample(
  t: Test,
  control: Partial<AccessControl> = {},
  access: Partial<Access> = {},
  lines?: string[],
  deps: Partial<AppDeps> = {},
): Promise<App> {
  const { pino } = await import('pino');
  const logger = lines ? pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }) : null;
  const authenticate = (authorization: string): Promise<Caller | null> =>
    Promise.resolve(KEYS[authorization.replace('Bearer ', '')] ?? null);
  const full = { authenticate, ownerOfOrder: () => Promise.resolve(null), rateLimits: openAccess.rateLimits };
  const given = { ...sampleAccess, control: { ...full, ...control }, ...access };
  const app = await sampleApp(failing(), { access: given, ...deps }, logger);
  t.teardown(() => app.close());
  return app;
}
