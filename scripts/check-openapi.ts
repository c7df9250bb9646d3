/**
 * Lints the OpenAPI document with Spectral, which is too heavy to depend on: it is installed into a folder that is removed again.
 * `npm run check:openapi [URL]`: of a server that runs, or of one that is started for it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SPECTRAL = '@stoplight/spectral-cli@6.16.3';
const CLI = fileURLToPath(new URL('../src/cli.js', import.meta.url));
const LONGEST_START_MS = 120_000;

const dir = mkdtempSync(join(tmpdir(), 'orderlog-openapi-'));
try {
  const given = process.argv[2];
  const document = given === undefined ? await ofOwnServer() : await fetched(`${given}/openapi.json`);
  writeFileSync(join(dir, 'openapi.json'), document);
  writeFileSync(join(dir, '.spectral.yaml'), 'extends: ["spectral:oas"]\n');
  writeFileSync(join(dir, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', SPECTRAL], {
    cwd: dir,
    stdio: 'inherit',
  });
  execFileSync('npx', ['spectral', 'lint', '--fail-severity=warn', 'openapi.json'], { cwd: dir, stdio: 'inherit' });
} catch (error) {
  process.exitCode = 1;
  // What the commands found, they have printed.
  if ((error as { status?: unknown }).status === undefined) throw error;
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function ofOwnServer(): Promise<string> {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), ORDERLOG_DATA_DIR: join(dir, 'data'), LOG_LEVEL: 'silent' };
  const server = spawn(process.execPath, [CLI, 'serve'], { env, stdio: 'ignore' });
  const exit = once(server, 'exit');
  try {
    const end = Date.now() + LONGEST_START_MS;
    for (;;) {
      const document = await fetched(`http://127.0.0.1:${port}/openapi.json`).catch(() => null);
      if (document !== null) return document;
      if (server.exitCode !== null || Date.now() > end) throw new Error('The server did not start.');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  } finally {
    server.kill('SIGTERM');
    await exit;
  }
}

async function fetched(url: string): Promise<string> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}.`);
  return answer.text();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
