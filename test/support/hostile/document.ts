/** The OpenAPI document as a judge: which requests there are, and whether it describes a response. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { isProblemCode, statusOf } from '../../../src/http/problem-codes.js';

export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly anyOf?: readonly Schema[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Described {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, object>>;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** By content type; none for a request without a body. */
  readonly bodies: Readonly<Record<string, { readonly schema: Schema }>>;
  readonly responses: Readonly<Record<string, Described>>;
}

export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** What no response may show: a stack, a statement, a library of ours. */
const INTERNALS = /\n\s+at |node_modules|\bSQLSTATE\b|\bselect .+ from |\borderlog\.\w+/i;

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

export class ApiDocument {
  readonly operations: readonly Operation[];
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApi) {
    this.#ajv.addSchema(document, 'api');
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        const {
          parameters = [],
          requestBody,
          responses,
        } = operation as Partial<Operation> & {
          requestBody?: { content: Operation['bodies'] };
        };
        const bodies = requestBody?.content ?? {};
        return { method: method.toUpperCase(), path, parameters, bodies, responses: responses ?? {} };
      }),
    );
  }

  /** @param operation null for a request that is none of them @returns what is wrong with the response, or null */
  fault(method: string, operation: Operation | null, response: Response): string | null {
    const { status, body } = response;
    if (status >= 500 && !isBeingMade(operation, response)) return `the status is ${status}`;
    if (response.headers['x-content-type-options'] !== 'nosniff') return 'there are no security headers';
    // It has no body to judge.
    if (method === 'HEAD') return body.length > 0 ? 'the response to a HEAD has a body' : null;
    const text = body.toString('utf8');
    if (operation?.path !== '/docs' && status >= 400 && INTERNALS.test(text)) return 'the body shows internals';
    return status >= 400 ? this.#problemFault(operation, response, text) : this.#answerFault(operation, response, text);
  }

  #problemFault(operation: Operation | null, { status, headers }: Response, text: string): string | null {
    const type = mediaTypeOf(headers);
    if (type !== 'application/problem+json') return `a problem is ${type}`;
    const problem = parsed(text) as { code?: string } | undefined;
    const valid = this.#validator('#/components/schemas/Problem');
    if (!valid(problem)) return `no problem document: ${this.#ajv.errorsText(valid.errors)}`;
    const { code = '' } = problem ?? {};
    if (!isProblemCode(code) || ![statusOf(code, 'command'), statusOf(code, 'query')].includes(status))
      return `${code} has status ${status}`;
    if (!operation) return null;
    const described = operation.responses[String(status)];
    if (!described) return `status ${status} (${code}) is not described`;
    const name = described.$ref?.replace('#/components/responses/', '');
    const at = name === undefined ? responsePath(operation, status) : ['components', 'responses', name];
    const declared = this.#validator(`#/${[...at, 'content', type, 'schema'].map(pointer).join('/')}`);
    return declared(problem) ? null : `code ${code} is not declared: ${this.#ajv.errorsText(declared.errors)}`;
  }

  #answerFault(operation: Operation | null, { status, headers }: Response, text: string): string | null {
    // A request that is no operation of the document, such as a HEAD or a file of /docs, has nothing to compare with.
    if (operation === null) return null;
    const described = operation.responses[String(status)];
    if (!described) return `status ${status} is not described`;
    const type = mediaTypeOf(headers);
    const types = Object.keys(described.content ?? {});
    if (types.length === 0) return text.length > 0 && operation.path !== '/docs' ? 'no body is described' : null;
    if (type === null || !types.includes(type)) return `${type} is not described`;
    if (type !== 'application/json') return null;
    const steps = [...responsePath(operation, status), 'content', type, 'schema'];
    const valid = this.#validator(`#/${steps.map(pointer).join('/')}`);
    return valid(parsed(text)) ? null : this.#ajv.errorsText(valid.errors);
  }

  #validator(at: string): ValidateFunction {
    let valid = this.#validators.get(at);
    if (!valid) this.#validators.set(at, (valid = this.#ajv.compile({ $ref: `api${at}` })));
    return valid;
  }
}

/** A read model as it was is made when it is first asked for: until then the caller is told to ask again. */
function isBeingMade(operation: Operation | null, { status, headers, body }: Response): boolean {
  const hasAsOf = operation?.parameters.some(({ name }) => name === 'as_of') === true;
  return status === 503 && hasAsOf && headers['retry-after'] !== undefined && body.includes('"read-model-behind"');
}

function responsePath({ path, method }: Operation, status: number): string[] {
  return ['paths', path, method.toLowerCase(), 'responses', String(status)];
}

function mediaTypeOf(headers: Response['headers']): string | null {
  const [type] = String(headers['content-type'] ?? '').split(';');
  return type === '' || type === undefined ? null : type;
}

function pointer(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
