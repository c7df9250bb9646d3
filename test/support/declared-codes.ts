import type { Test } from 'tap';
import type { App } from '../../src/http/app-type.js';
import { declaredCodes } from '../../src/http/openapi/problems.js';

/** Fails the test if a route answers with a code that it does not declare in the OpenAPI document. Call before routes are added. */
export function watchCodes(t: Pick<Test, 'fail'>, app: App): void {
  const undeclared = new Set<string>();
  app.addHook('onSend', (request, reply, payload, done) => {
    const { config, method, url, schema } = request.routeOptions;
    // A 500 is a defect, and declared nowhere.
    if (url !== undefined && reply.statusCode >= 400 && reply.statusCode !== 500 && typeof payload === 'string') {
      const { code } = (/"code":"(?<code>[a-z-]+)"/.exec(payload)?.groups ?? {}) as { code?: string };
      const known: readonly string[] = declaredCodes(config, schema?.querystring);
      const answer = `${String(method)} ${url}: ${code}`;
      if (code !== undefined && !known.includes(code) && !undeclared.has(answer)) {
        undeclared.add(answer);
        // At once, not at the end: what is thrown there would keep the application from being closed.
        t.fail(`name the code in config.problems of its route: ${answer}`);
      }
    }
    done(null, payload);
  });
}
