/** What of the user's environment would reach the embedded server's clients. */

/**
 * Drops the variables that Postgres clients read (PGSSLMODE, PGOPTIONS, PGUSER, …). They tell of a server of the user's own; a
 * process that uses the embedded server has no other one.
 */
export function dropPostgresVariables(environment: NodeJS.ProcessEnv = process.env): void {
  // Names of variables are case-insensitive on Windows.
  for (const name of Object.keys(environment)) if (/^PG/i.test(name)) Reflect.deleteProperty(environment, name);
}
