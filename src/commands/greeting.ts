import type { Parts } from './serve.js';

export interface Greeting extends Parts {
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly hasConsole: boolean;
  /** How callers are let in; no line without access control. */
  readonly access: readonly string[];
  readonly dataDir: string;
  /** Folder of the embedded cluster, null with a server of one's own. */
  readonly location: string | null;
}

/** The first lines that anybody sees, or the same as one JSON document. */
export function greeting({ version, host, port, hasConsole, access, dataDir, location, ...parts }: Greeting): string {
  const base = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const api = parts.api ? `${base}/v1` : null;
  const docs = parts.api ? `${base}/docs` : null;
  const health = `${base}/health/ready`;
  const page = hasConsole ? `${base}/console/` : null;
  // One that works, without a key too.
  const attempt = `curl -s ${api === null || access.length > 0 ? health : `${api}/categories`}`;
  if (parts.json) {
    const places = { console: page, api, docs, health, data: dataDir, database: location, try: attempt };
    return `${JSON.stringify({ version, ...places })}\n`;
  }
  const lines = [
    `Orderlog ${version}`,
    ...(page === null ? [] : [`  console   ${page}`]),
    ...(api === null ? [`  health    ${health}`] : [`  API       ${api}`, `  docs      ${docs}`]),
    `  data      ${location === null ? `${dataDir} (documents), database at DATABASE_URL` : dataDir}`,
    ...(location === null || location.startsWith(dataDir) ? [] : [`  database  ${location}`]),
    ...access,
    `  try       ${attempt}`,
  ];
  return `${lines.join('\n')}\n\n`;
}
