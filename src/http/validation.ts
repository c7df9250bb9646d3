import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { type Fault, print } from '../engine/index.js';
import { headerFaults } from './header-faults.js';
import { Problem } from './problem.js';

type Part = 'params' | 'body' | 'querystring' | 'headers';

const PARTS: readonly Part[] = ['params', 'body', 'querystring', 'headers'];
const PREFIX: Readonly<Record<Part, string>> = { params: 'path', body: '', querystring: 'query', headers: 'header' };

/** More faults than any request of an allowed size has by mistake. */
const MOST_FAULTS = 5_000;

const BOUNDS: ReadonlySet<string | undefined> = new Set(['too_small', 'too_big']);

/** One part of the request is not as its schema says. */
class PartInvalid extends Problem {
  constructor(
    readonly part: Part,
    faults: readonly Fault[],
  ) {
    super('invalid-request', undefined, faults);
  }
}

/** The words are ours: the library's own would show which it is, and change with it. `async` is what zod would add for each request. */
export const PARSING = { reportInput: false, error: print.fault, async: false } as const;

/** A name that a query holds twice is a list to its parser. */
const PARSING_QUERY = {
  ...PARSING,
  error: (issue: Parameters<typeof print.fault>[0]): string =>
    Array.isArray(issue.input) ? 'is given twice' : print.fault(issue),
} as const;

/** Checks with zod; what the schema makes of the part takes its place. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = (httpPart ?? 'body') as Part;
  return (data: unknown) => {
    const result = schema.safeParse(data, part === 'querystring' ? PARSING_QUERY : PARSING);
    return result.success ? { value: result.data } : { error: new PartInvalid(part, faultsOf(result.error, part)) };
  };
};

/** Fastify stops at the first part that is wrong; its sender is to hear of all. */
export function allFaults(request: FastifyRequest, problem: Problem): Problem {
  if (!(problem instanceof PartInvalid)) return problem;
  const faults = [...problem.faults];
  for (const part of PARTS.slice(PARTS.indexOf(problem.part) + 1)) {
    const check = request.getValidationFunction(part) as ((data: unknown) => { error?: PartInvalid }) | undefined;
    const data = part === 'querystring' ? request.query : request[part];
    if (check) faults.push(...(check(data ?? null).error?.faults ?? []));
  }
  faults.push(...headerFaults(request));
  return new Problem('invalid-request', undefined, faults.slice(0, MOST_FAULTS));
}

export function faultsOf(error: z.ZodError, part: Part): Fault[] {
  const faults: Fault[] = [];
  for (const [at, issue] of error.issues.entries()) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) faults.push({ path: pathText(part, [...issue.path, key]), message: issue.message });
    } else {
      const path = pathText(part, issue.path);
      // A whole number beyond 2^53 is told so first, and then of the bound of its field, which says more.
      if (BOUNDS.has(issue.code) && error.issues[at - 1]?.code === issue.code && faults.at(-1)?.path === path)
        faults.pop();
      faults.push({ path, message: issue.message });
    }
    if (faults.length > MOST_FAULTS) break;
  }
  return faults;
}

export function pathText(part: Part, path: readonly PropertyKey[]): string {
  let text = PREFIX[part];
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? String(step) : `.${String(step)}`;
  }
  return text === '' ? 'body' : text;
}
