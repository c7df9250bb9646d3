import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { RouteAccess } from '../access/access-table.js';
import type { Caller } from '../access/caller.js';
import type { ProblemCode } from './problem-codes.js';
import type { RouteKind } from './route-kind.js';

/** The application that routes are added to. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Known before the body is read. */
    caller: Caller;
    /** Whether the caller's key or token is still valid, for answers that stay open; null without access control. */
    mayStill: (() => Promise<boolean>) | null;
  }
  interface FastifyReply {
    /** The code of the problem that the request ends with; null where it ends well. */
    problemCode: ProblemCode | null;
  }
  interface FastifyContextConfig {
    /** Who may call the route: its entry in the table of access. */
    access?: RouteAccess;
    /** The command that the route carries out, as metrics name it; without it, the name of the operation. */
    command?: string;
    /** Says which headers belong to the route. Left out: none. */
    kind?: RouteKind;
    /** Codes beyond those that follow from the route's shape; for the OpenAPI document. */
    problems?: readonly ProblemCode[];
    /** Media types of the answer, default `application/json`; what is not in the OpenAPI document has no default. */
    produces?: readonly string[];
    /** The answer is one thing and has its revision as ETag. */
    tagged?: boolean;
    /** The fields and the file of a multipart form. */
    form?: z.ZodType;
  }
}
