/** The console: files that were built into `dist/console`, and the same page for every address below it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply } from 'fastify';
import type { App } from './app-type.js';
import { Problem } from './problem.js';

/** No other host, nothing inline: what is shown can run nothing, whatever it is. */
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** Names of built files hold a digest of their content. */
const IMMUTABLE = { maxAge: '365d', immutable: true } as const;
const hidden = { config: { problems: ['route-not-found'] }, schema: { hide: true } } as const;

/**
 * Without the built files there is no console, and the API is the same.
 * @param root folder of the built files
 * @returns whether there is one
 */
export async function consoleRoutes(app: App, root: string): Promise<boolean> {
  if (!existsSync(join(root, 'index.html'))) return false;
  app.get('/', hidden, async (_request, reply) => reply.redirect('/console/', 302));
  app.get('/console', hidden, async (_request, reply) => reply.redirect('/console/', 308));
  await app.register(async (scope) => {
    await scope.register(fastifyStatic, { root, serve: false, preCompressed: true });
    scope.get<{ Params: { '*': string } }>('/console/*', hidden, async (request, reply) => {
      const path = request.params['*'];
      reply.header('content-security-policy', POLICY);
      if (path.startsWith('assets/')) return asset(reply, path, root);
      // A page of an older build would ask for files that are gone.
      return reply.header('cache-control', 'no-cache').sendFile('index.html', { cacheControl: false });
    });
  });
  return true;
}

/** @throws Problem for a file that was not built */
function asset(reply: FastifyReply, path: string, root: string): FastifyReply {
  if (!/^assets\/[\w.-]+$/.test(path) || !existsSync(join(root, path)))
    throw new Problem('route-not-found', 'The console has no such file. Load the page again.');
  return reply.sendFile(path, IMMUTABLE);
}
