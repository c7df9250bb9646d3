import { z } from 'zod';
import type { App } from './app-type.js';
import { Problem } from './problem.js';
import { isProblemCode, problemKind } from './problem-codes.js';
import { dataOf, problemCode, problemStatus } from './schemas.js';

const explanation = z
  .strictObject({ code: problemCode, status: problemStatus, title: z.string(), explanation: z.string() })
  .meta({ id: 'ProblemExplanation' });

/** What the `type` of a problem leads to. */
export function problemRoutes(app: App): void {
  app.get(
    '/problems/:code',
    {
      config: { problems: ['route-not-found'] },
      schema: {
        operationId: 'explainProblem',
        summary: 'What a problem means',
        tags: ['operations'],
        params: z.strictObject({ code: z.string() }),
        response: { 200: dataOf(explanation) },
      },
    },
    ({ params: { code } }) => {
      if (!isProblemCode(code)) throw new Problem('route-not-found');
      const { status, title, explanation } = problemKind(code);
      return { data: { code, status, title, explanation } };
    },
  );
}
