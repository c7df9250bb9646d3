import { createSecretKey } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { z } from 'zod';
import { accessTable } from '../../src/access/access-table.js';
import { ROLES } from '../../src/access/caller.js';
import type { Access } from '../../src/access/guard-routes.js';
import { type AppDeps, buildApp } from '../../src/app.js';
import { Refusal } from '../../src/engine/core/errors.js';
import type { Position } from '../../src/engine/core/event-store.js';
import { commandAnswer, queryHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { commandContext } from '../../src/http/command-context.js';
import { Drain } from '../../src/http/drain.js';
import { ifMatchOf, requireRevision } from '../../src/http/etag.js';
import { freshnessOf } from '../../src/http/freshness.js';
import { Cursors, listAnswer } from '../../src/http/list.js';
import { createMetrics } from '../../src/http/metrics.js';
import type { Places } from '../../src/http/places.js';
import { PositionTokens } from '../../src/http/position-token.js';
import { prepareAnswer } from '../../src/http/prepared-answer.js';
import {
  dataOf,
  idText,
  listOf,
  listQuery,
  money,
  name,
  noBody,
  quantity,
  remark,
  uuid,
} from '../../src/http/schemas.js';
import { sendPrepared } from '../../src/http/send-prepared.js';
import { Turns } from '../../src/http/turns.js';
import { receiveForm, uploadRoutes } from '../../src/http/uploads.js';

const everyRole = { roles: ROLES };
/** Of the sample's own routes and those of every application. */
export const openAccess: Access = {
  table: {
    ...accessTable,
    'GET /v1/things': everyRole,
    'GET /v1/things/:thing_id': everyRole,
    'PATCH /v1/things/:thing_id': everyRole,
    'DELETE /v1/things/:thing_id': everyRole,
    'POST /v1/things/:thing_id/cancel': everyRole,
    'POST /v1/things/:thing_id/retire': everyRole,
    'GET /v1/nodes': everyRole,
    'GET /v1/tree': everyRole,
    'POST /v1/uploads': everyRole,
  },
  control: null,
  corsOrigins: [],
  trustProxy: false,
};

export const hashKey = createSecretKey(Buffer.alloc(32, 7));
export const tokens = new PositionTokens('log-1');
export const here = '00000000000000ff' as Position;

const thing = z.strictObject({ thing_id: z.int(), name: z.string(), note: z.string().nullable() });

/** What a route of the sample fails with, when it is told to. */
export interface Failing {
  error?: unknown;
  /** Runs before POST /v1/things/:thing_id/cancel answers, and before POST /v1/uploads reads its form. */
  before?: () => Promise<void>;
  readonly uploads: { readonly stored: string[]; readonly discarded: string[] };
  /** How many uploads there may be at once. */
  readonly places?: Places;
  /** Works on a piece of an uploaded file. */
  piece?: () => Promise<void>;
}

export function failing(): Failing {
  return { uploads: { stored: [], discarded: [] } };
}

/** The real application with a few routes of each kind. */
export async function sampleApp(
  told: Failing = failing(),
  deps: Partial<AppDeps> = {},
  logger: FastifyBaseLogger | null = null,
): Promise<App> {
  const app = await buildApp({
    logger,
    version: '1.2.3',
    access: openAccess,
    checks: [],
    metrics: createMetrics(),
    drain: new Drain(),
    ...deps,
  });
  commandRoutes(app, told);
  queryRoutes(app);
  await uploadRoutes(
    app,
    (scope) => {
      uploadRoute(scope, told);
    },
    told.places,
  );
  await app.ready();
  return app;
}

const orderBody = z.strictObject({
  user_id: uuid,
  items: z
    .array(z.strictObject({ product_id: z.int().min(1), quantity }))
    .min(1)
    .max(2_000),
});

function commandRoutes(app: App, told: Failing): void {
  app.post(
    '/v1/orders',
    {
      config: { kind: 'command', tagged: true },
      schema: {
        summary: 'Order',
        body: orderBody,
        response: { 201: dataOf(z.strictObject({ user_id: z.string(), lines: z.int() })) },
      },
    },
    (request, reply) => {
      if (told.error !== undefined) throw told.error as Error;
      const { commandId } = commandContext(request, hashKey, 'Order', request.body);
      const data = { user_id: request.body.user_id, lines: request.body.items.length };
      return commandAnswer(reply, tokens, {
        data,
        revision: 0,
        position: here,
        replayed: false,
        location: `/v1/orders/${commandId}`,
      });
    },
  );
  app.post(
    '/v1/things/:thing_id/cancel',
    {
      config: { kind: 'command', tagged: true, problems: ['order-paid'] },
      schema: {
        operationId: 'cancelThing',
        params: z.strictObject({ thing_id: idText }),
        body: z.strictObject({ reason: remark.optional() }).nullish(),
        response: { 200: dataOf(thing) },
      },
    },
    async (request, reply) => {
      await told.before?.();
      requireRevision(ifMatchOf(request.headers), 3);
      const data = { thing_id: request.params.thing_id, name: 'a', note: request.body?.reason ?? null };
      return commandAnswer(reply, tokens, { data, revision: 3, position: here, replayed: true });
    },
  );
  app.post(
    '/v1/orders/:order_id/cancel',
    {
      config: { kind: 'command' },
      schema: { params: z.strictObject({ order_id: uuid }), body: noBody, response: { 200: dataOf(z.string()) } },
    },
    ({ params }) => ({ data: params.order_id }),
  );
  app.post(
    '/v1/things/:thing_id/retire',
    {
      config: { kind: 'command' },
      schema: { params: z.strictObject({ thing_id: idText }), body: noBody, response: { 200: dataOf(thing) } },
    },
    ({ params }) => ({
      data: { ...params, name: 'a', note: null },
    }),
  );
  app.patch(
    '/v1/things/:thing_id',
    {
      config: { kind: 'command' },
      schema: {
        params: z.strictObject({ thing_id: idText }),
        body: z.strictObject({ name: name.optional(), price: money.optional() }),
        response: { 200: dataOf(thing) },
      },
    },
    ({ params, body }) => ({
      data: { ...params, name: body.name ?? 'a', note: null },
    }),
  );
  app.delete(
    '/v1/things/:thing_id',
    {
      config: { kind: 'command' },
      schema: { params: z.strictObject({ thing_id: idText }), body: noBody, response: { 204: z.null() } },
    },
    (_request, reply) => {
      void reply.code(204).send(null);
    },
  );
}

const tree = prepareAnswer('{"data":[]}');

function queryRoutes(app: App): void {
  const cursors = new Cursors(hashKey);
  app.get(
    '/v1/things/:thing_id',
    {
      config: { kind: 'query', tagged: true },
      schema: { params: z.strictObject({ thing_id: idText }), response: { 200: dataOf(thing) } },
    },
    (request, reply) => {
      freshnessOf(request.headers, tokens);
      queryHead(reply, tokens, { position: here }, 4);
      return { data: { thing_id: request.params.thing_id, name: 'a', note: null } };
    },
  );
  app.get(
    '/v1/things',
    {
      config: { kind: 'query' },
      schema: {
        querystring: listQuery.extend({ status: z.enum(['on', 'off']).optional() }),
        response: { 200: listOf(thing) },
      },
    },
    (request, reply) => {
      const after = cursors.decode('things', z.int(), request.query.cursor) ?? 0;
      const ids = Array.from({ length: request.query.limit }, (_, index) => after + index + 1).filter((id) => id <= 45);
      const data = ids.map((thing_id) => ({ thing_id, name: 'a', note: null }));
      const last = ids.at(-1);
      return listAnswer(
        request,
        reply,
        data,
        last === undefined || last === 45 ? null : cursors.encode('things', last),
      );
    },
  );
  app.get(
    '/v1/users/:user_id',
    {
      config: { kind: 'query' },
      schema: { params: z.strictObject({ user_id: uuid }), response: { 200: dataOf(z.string()) } },
    },
    ({ params }) => ({ data: params.user_id }),
  );
  app.get(
    '/v1/tree',
    { config: { kind: 'query' }, schema: { response: { 200: dataOf(z.array(thing)), 304: z.null() } } },
    async (request, reply) => {
      return sendPrepared(request, reply, await tree) as never;
    },
  );
}

const form = z.strictObject({ name });

function uploadRoute(scope: App, told: Failing): void {
  const { uploads } = told;
  // Longer than a test lasts: what holds up others is seen.
  const pieces = new Turns(2, { turnMs: 60_000, waitMs: 60_000 });
  scope.post(
    '/v1/uploads',
    {
      config: { kind: 'command', form: form.extend({ id_proof: z.file() }) },
      schema: {
        response: { 201: dataOf(z.strictObject({ name: z.string(), bytes: z.int(), truncated: z.boolean() })) },
      },
    },
    async (request, reply) => {
      await told.before?.();
      const { fields, stored } = await receiveForm(request, {
        fields: form,
        file: 'id_proof',
        maxBytes: 100_000,
        pieces,
        store: async (file) => {
          let bytes = 0;
          for await (const piece of file as AsyncIterable<Buffer>) {
            bytes += piece.length;
            await told.piece?.();
          }
          if (bytes === 0) throw new Refusal('id-proof-missing', 'The file is empty.');
          if (bytes === 1) throw new Refusal('id-proof-not-pdf', 'No PDF is that short.');
          uploads.stored.push(String(bytes));
          return { bytes, truncated: file.truncated };
        },
        discard: ({ bytes }) => Promise.resolve(void uploads.discarded.push(String(bytes))),
      });
      return reply.code(201).send({ data: { ...fields, ...stored } });
    },
  );
}
