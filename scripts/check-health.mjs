// The health check of the container image: exits with 0 if the process in the container is ready.
const given = process.env.HOST?.trim() || '127.0.0.1';
// A process that listens on every address is asked on this machine.
const host = given === '0.0.0.0' || given === '::' ? '127.0.0.1' : given;
const port = process.env.PORT?.trim() || '3000';
const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/health/ready`;
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  console.log(await response.text());
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.log(`${url} does not answer: ${error.cause?.code ?? error.name}`);
  process.exitCode = 1;
}
