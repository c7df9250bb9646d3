import type { App } from './app-type.js';
import { headerFaults } from './header-faults.js';
import { Problem } from './problem.js';

const DETAIL = 'What is to be created has no revision yet. Send the request without If-Match.';

/**
 * What does not exist has no revision: a request that creates something fails its `If-Match` before anything happens. Such are
 * the commands that answer 201.
 */
export function refuseConditionsOnNew(app: App): void {
  app.addHook('preHandler', (request, _reply, done) => {
    const { config, schema } = request.routeOptions;
    if (request.headers['if-match'] === undefined || config.kind !== 'command' || !answersCreated(schema?.response)) {
      done();
      return;
    }
    // Those are told by the route, with what else is wrong.
    const isReadable = headerFaults(request).length === 0;
    done(isReadable ? new Problem('revision-mismatch', DETAIL) : undefined);
  });
}

function answersCreated(answers: unknown): boolean {
  return typeof answers === 'object' && answers !== null && '201' in answers;
}
