/** The settings of every session: a role or a database may have others (`alter role … set`), and results would differ. */
import type pg from 'pg';
import type { Bounds } from './session-kinds.js';

/** What a connection needs: a URL, or the fields of one, and the data folder of a server that is embedded. */
export type Connection = string | (pg.PoolConfig & { readonly folder?: string });

/** Go along with the request for a connection, and so before what role and database set. */
const SETTINGS: Readonly<Record<string, string>> = {
  // What values are written and read as.
  DateStyle: 'ISO,MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
  bytea_output: 'hex',
  extra_float_digits: '1',
  array_nulls: 'on',
  // What a statement means.
  search_path: 'public',
  transform_null_equals: 'off',
  gin_fuzzy_search_limit: '0',
  quote_all_identifiers: 'off',
  // Rows that a policy hides are an error, not rows that are not there.
  row_security: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  exit_on_error: 'off',
  // Who waits has a bound of its own.
  lock_timeout: '0',
  idle_session_timeout: '0',
  // Plans of prepared statements are kept: one that walks through a table, made while that was small, would do so until the next ANALYZE.
  enable_seqscan: 'off',
  jit: 'off',
  // A client that is gone without a word is noticed; over a Unix socket these have no meaning.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '3',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '15000',
};

/** @param bounds those that the server keeps to */
export function startupOptions(
  connection: Connection,
  { statementMs, idleInTransactionMs, plansOnce }: Pick<Bounds, 'statementMs' | 'idleInTransactionMs' | 'plansOnce'>,
): string {
  const settings = {
    ...SETTINGS,
    plan_cache_mode: plansOnce ? 'force_generic_plan' : 'auto',
    statement_timeout: String(statementMs),
    idle_in_transaction_session_timeout: String(idleInTransactionMs),
  };
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, '\\$&')}`);
  // A hoster may be told by it which server is meant. What comes last counts.
  return [optionsOf(connection), ...ours].filter((one) => one !== '').join(' ');
}

function optionsOf(connection: Connection): string {
  if (typeof connection !== 'string' || !URL.canParse(connection)) return '';
  return new URL(connection).searchParams.get('options') ?? '';
}

/**
 * What can't be asked for with the connection: settings that older servers or other systems do not know, and one that may be
 * stronger already.
 */
export const AFTER_CONNECT = `do $$
begin
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', false);
  end if;
  if current_setting('server_version_num')::integer >= 170000 then
    perform set_config('transaction_timeout', '0', false);
  end if;
  begin
    -- A statement whose client was killed ends, and its locks with it.
    perform set_config('client_connection_check_interval', '2000', false);
  exception when others then
    -- This system does not tell of it.
    null;
  end;
end $$`;
