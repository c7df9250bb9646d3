import cors from '@fastify/cors';
import type { App } from '../http/app-type.js';

const PREFLIGHT_SECONDS = 600;

/** Lets pages of these origins call and read the answers. No cookies: a page has to send a key itself. */
export async function allowOrigins(app: App, origins: readonly string[]): Promise<void> {
  const options = {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      ...['Accept', 'Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match'],
      ...['Last-Event-ID', 'Min-Log-Position', 'Prefer', 'X-Request-Id'],
    ],
    exposedHeaders: [
      ...['Content-Disposition', 'Degraded', 'ETag', 'Idempotency-Replayed', 'Link', 'Location', 'Log-Position'],
      ...['RateLimit', 'RateLimit-Policy', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    ],
    maxAge: PREFLIGHT_SECONDS,
  };
  await app.register(cors, {
    delegator: ({ method, headers }, done) => {
      // OPTIONS that asks for no permission is a method like any other: not allowed.
      const isPlain = method === 'OPTIONS' && headers['access-control-request-method'] === undefined;
      done(null, isPlain || headers.origin === undefined ? { origin: false } : options);
    },
  });
}
