/** The quarantine over HTTP (docs/decisions/0012). */
import { z } from 'zod';
import { type AnyProjection, errors } from '../engine/index.js';
import type { App } from '../http/app-type.js';
import { Problem } from '../http/problem.js';
import { dataOf, remark } from '../http/schemas.js';
import { modelsNamed } from './models.js';
import {
  type QuarantineDeps,
  quarantineOf,
  quarantineSchema,
  type Quarantining,
  retriedSchema,
  retryIn,
  skipIn,
  skippedSchema,
} from './quarantine.js';

export interface QuarantineRouteDeps extends QuarantineDeps {
  readonly projections: readonly AnyProjection[];
}

const ofModel = { model: z.string().max(100).optional() };
const key = z.string().regex(/^[\x21-\x7e]{1,300}$/, 'is not the name of a stream as the list has it');
const retryBody = z.strictObject({ streams: z.array(key).max(1_000).optional(), ...ofModel });
const skipBody = z.strictObject({
  stream: key.meta({ description: 'As the list has it; with its revision, `order-…@1`, only that event is skipped.' }),
  reason: remark
    .refine((text) => /[^\s\p{C}]/u.test(text), 'must say why the event is skipped')
    .meta({ description: 'Why. It is kept, and a verification tells it.' }),
  ...ofModel,
});

const REMEDIES: Readonly<Record<InstanceType<typeof errors.NotQuarantined>['remedy'], string>> = {
  list: '`GET /v1/ops/quarantine` lists the keys that do.',
  'one-event': 'Retry it first, or name the event that it waits at in `stream`, as in `order-…@1`.',
  retry: 'What is read does not need it. Retry the key, or leave the kept build to its end.',
  'newer-release': 'Start a process of that release, which applies the event. Then retry a key that still waits.',
};

/** A reactor runs commands, and fails as they do when others were faster. */
const OF_REACTORS = ['revision-conflict', 'read-model-behind'] as const;

export function quarantineRoutes(app: App, deps: QuarantineRouteDeps): void {
  const all = [...deps.projections, ...deps.engine.reactors];
  const chosen = (model: string | undefined, path: string): readonly Quarantining[] =>
    modelsNamed(all, model === undefined ? [] : [model], path, 'read model or reactor');
  app.get(
    '/v1/ops/quarantine',
    {
      config: { problems: ['database-unavailable', 'event-store-unavailable'] },
      schema: {
        operationId: 'getQuarantine',
        summary: 'Quarantined keys with their causes, skipped events, stopped builds',
        tags: ['operations'],
        querystring: z.strictObject(ofModel),
        response: { 200: dataOf(quarantineSchema) },
      },
    },
    async ({ query: { model } }) => ({ data: await quarantineOf(deps, chosen(model, 'query.model')) }),
  );
  app.post(
    '/v1/ops/quarantine/retry',
    {
      config: { kind: 'operation', problems: ['not-quarantined', ...OF_REACTORS] },
      schema: {
        operationId: 'retryQuarantined',
        summary: 'Apply the events of quarantined keys again; all keys if none is named',
        tags: ['operations'],
        body: retryBody.nullish(),
        response: { 200: dataOf(retriedSchema) },
      },
    },
    async ({ body }) => {
      const models = chosen(body?.model, 'model');
      const { document } = await retryIn(deps, models, body?.streams ?? []).catch(asProblem);
      return { data: document };
    },
  );
  app.post(
    '/v1/ops/quarantine/skip',
    {
      config: { kind: 'operation', problems: ['not-quarantined', 'read-model-busy', ...OF_REACTORS] },
      schema: {
        operationId: 'skipQuarantined',
        summary: 'Leave out an event for good, and apply the later events of its key',
        tags: ['operations'],
        body: skipBody,
        response: { 200: dataOf(skippedSchema) },
      },
    },
    async ({ body: { stream, reason, model } }) => {
      const { document } = await skipIn(deps, chosen(model, 'model'), stream, reason).catch(asProblem);
      return { data: document };
    },
  );
}

function asProblem(error: unknown): never {
  if (error instanceof errors.NotQuarantined) {
    throw new Problem('not-quarantined', `${error.message}. ${REMEDIES[error.remedy]}`);
  }
  if (error instanceof errors.ModelBusy) throw new Problem('read-model-busy', `${error.message}.`);
  throw error;
}
