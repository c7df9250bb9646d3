/** The pieces that the requests and answers of all routes are made of. */
import { z } from 'zod';
import {
  MAX_EMAIL,
  MAX_EXTERNAL_REFERENCE,
  MAX_ID,
  MAX_LINES,
  MAX_NAME,
  MAX_ON_HAND,
  MAX_QUANTITY,
  MAX_REMARK,
  MAX_SKU,
  instantOf,
} from '../values.js';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.js';

const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** 1 to `longest` characters (code points) as given, without control characters and half characters. An empty text has one fault. */
function text(longest: number): z.ZodString {
  return z
    .string()
    .refine((value) => value !== '', { error: 'must not be empty', abort: true })
    .refine((value) => value.length <= longest || [...value].length <= longest, `is longer than ${longest} characters`)
    .refine((value) => !UNPRINTABLE.test(value), 'holds a control character or half a character')
    .meta({ minLength: 1, maxLength: longest });
}

export const name = text(MAX_NAME);
/** What a search looks for. */
export const searched = text(MAX_NAME);
export const code = text(MAX_NAME);
export const sku = text(MAX_SKU);
/** A reason or a payment reference. */
export const remark = text(MAX_REMARK);

/** The same where orders are looked for: an import takes references that are longer. */
export const wantedReference = text(MAX_NAME);
/** What another system calls an order. */
export const externalReference = text(MAX_EXTERNAL_REFERENCE);

/** An address as given; surrounding space belongs to it and counts only where addresses are compared. */
export const email = text(MAX_EMAIL).refine(
  (value) => /^[^\s@]+@[^\s@]+$/.test(value.trim()),
  'is not an e-mail address',
);

export const currency = z.string().regex(/^[A-Z]{3}$/, 'is not a currency code of three capital letters (ISO 4217)');

export const money = z
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .meta({ description: 'In minor units of the currency.' });
export const quantity = z.int().min(1).max(MAX_QUANTITY);

/** The number of a line in its order. */
export const lineNumber = z.int().min(1).max(MAX_LINES);

/** How many there are of something that nothing limits. */
export const count = z.int().min(0);
export const revision = z.int().min(0).meta({ description: 'How often the resource has changed.' });
export const time = z.iso.datetime();

/** Of a category or a product. */
export const id = z.int().min(1).max(MAX_ID);

/** The same in a path or a query. */
export const idText = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, { error: `is not a whole number from 1 to ${MAX_ID} in plain digits`, abort: true })
  .refine((digits) => Number(digits) <= MAX_ID, `is larger than ${MAX_ID}`)
  .transform(Number)
  .meta(asInteger(1, MAX_ID));

/** A whole number in plain digits in a path or a query: text that is read as a number. */
export function queryInteger(minimum: number, maximum: number): z.ZodType<number, string> {
  return z
    .string()
    .refine(
      (digits) => /^(?:0|[1-9]\d*)$/.test(digits) && Number(digits) >= minimum && Number(digits) <= maximum,
      `is not a whole number from ${minimum} to ${maximum}`,
    )
    .transform(Number)
    .meta(asInteger(minimum, maximum));
}

/** How a document describes such a text. */
function asInteger(minimum: number, maximum: number): Record<string, unknown> {
  return { type: 'integer', minimum, maximum, pattern: undefined };
}

/** A time in a query; becomes UTC with milliseconds. */
export const queryTime = z
  .string()
  .refine((text) => queryInstant(text) !== null, 'is not a time as RFC 3339, such as 2026-01-31T09:30:00Z')
  .transform((text) => queryInstant(text) ?? '')
  .meta({ type: 'string', format: 'date-time' });

/** The time of a query; null for any other text. A `+` that nobody encoded arrives as a space. */
export function queryInstant(text: string): string | null {
  return instantOf(text.replace(' ', '+'));
}

/** Of a user or an order; lower-cased, for ids compare exactly. */
export const uuid = z
  .guid({ error: ({ code }) => (code === 'invalid_format' ? 'is not a UUID' : undefined) })
  .transform((value) => value.toLowerCase());

/** A fault of a query whose range ends before it begins. @param ends the parameters for both. @param how `before` or `below` */
export function requireRange<Name extends string>(
  query: { readonly [name in Name]?: string | number | undefined },
  context: z.RefinementCtx,
  [first, last]: readonly [Name, Name],
  how: string,
): void {
  const [from, to] = [query[first], query[last]];
  if (from === undefined || to === undefined || from <= to) return;
  context.addIssue({ code: 'custom', path: [last], message: `is ${how} ${first}: swap them, or leave one out` });
}

const limit = queryInteger(1, 100).default(20);

const cursor = z.string().max(2_000);

/** The query of a list, to be extended. */
export const listQuery = z.strictObject({ limit, cursor: cursor.optional() });

/** For routes that take no body: none, or an empty object. */
export const noBody = z.strictObject({}).nullish();
export const noQuery = z.strictObject({});

/** The answer with one resource. */
export function dataOf<T extends z.ZodType>(data: T): z.ZodObject<{ data: T }, z.core.$strict> {
  return z.strictObject({ data });
}

export function listOf<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ data: z.ZodArray<T>; next: z.ZodNullable<z.ZodString> }, z.core.$strict> {
  return z.strictObject({ data: z.array(item), next: z.string().nullable() });
}

export const problemStatus = z.int().min(400).max(599);
export const problemCode = z.enum(PROBLEM_CODES as [ProblemCode, ...ProblemCode[]]).meta({ id: 'ProblemCode' });

const fault = z
  .object({
    path: z.string(),
    message: z.string(),
    wanted: z.int().min(1).max(MAX_ON_HAND).optional(),
    available: z.int().min(-MAX_ON_HAND).max(MAX_ON_HAND).optional(),
  })
  .meta({ id: 'Fault', description: '`wanted` and `available` are there with `out-of-stock`.' });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: problemStatus,
    detail: z.string(),
    code: problemCode,
    request_id: z.string(),
    errors: z.array(fault).optional(),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457. `code` is stable; `type` leads to an explanation; `errors` names every fault of the input.',
  });
