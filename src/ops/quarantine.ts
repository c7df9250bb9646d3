/** What `orderlog quarantine` prints and the routes of the quarantine answer, each from one function. */
import { z } from 'zod';
import { type Engine, type Position, print } from '../engine/index.js';
import { count, revision, time } from '../http/schemas.js';

export interface QuarantineDeps {
  readonly engine: Pick<Engine, 'reactors' | 'listQuarantine' | 'retryQuarantined' | 'skipQuarantined'>;
  readonly tokens: { encode(position: Position): string };
}

/** A read model's projection, or a reactor. */
export type Quarantining = Parameters<Engine['listQuarantine']>[0][number];
type RetriedKey = Awaited<ReturnType<Engine['retryQuarantined']>>[number];

const event = { stream: z.string(), revision, type: z.string(), position: z.string(), error: z.string() };
const build = {
  model: z.string().meta({ description: 'A read model or a reactor.' }),
  version: count.nullable().meta({ description: 'The number of the build; null for a reactor, which has none.' }),
};

const quarantinedKey = z
  .strictObject({
    ...{ ...build, ...event, since: time },
    waiting: count.meta({ description: 'Events of the key that wait, with the one it is quarantined at.' }),
  })
  .meta({ id: 'QuarantinedKey' });
const skippedEvent = z
  .strictObject({ model: z.string(), ...event, reason: z.string(), skipped_at: time })
  .meta({ id: 'SkippedEvent' });
const stoppedBuild = z
  .strictObject({ ...build, stream: z.string(), revision, position: z.string(), error: z.string() })
  .meta({ id: 'StoppedBuild' });

export const quarantineSchema = z
  .strictObject({
    quarantined: z.array(quarantinedKey),
    skipped: z.array(skippedEvent),
    stopped: z.array(stoppedBuild).meta({ description: 'Builds that have stopped at an event.' }),
  })
  .meta({ id: 'Quarantine' });

const held = z
  .strictObject({ revision, type: z.string(), position: z.string(), error: z.string() })
  .meta({ id: 'QuarantinedAt' });
const retried = {
  ...{ ...build, stream: z.string() },
  events: count.meta({ description: 'Events that have taken effect.' }),
  held: held.nullable().meta({ description: 'Where the key is quarantined now; null if it is not.' }),
};
const retriedKey = z.strictObject(retried).meta({ id: 'RetriedKey' });
const skippedKey = z
  .strictObject({ ...retried, revision: revision.optional(), reason: z.string().optional() })
  .meta({ id: 'SkippedKey' });

export const retriedSchema = z.strictObject({ retried: z.array(retriedKey) }).meta({ id: 'Retried' });
export const skippedSchema = z.strictObject({ skipped: z.array(skippedKey) }).meta({ id: 'Skipped' });

/** The number of the build; null for a reactor, which has none. */
export function buildOf(
  { engine }: Pick<QuarantineDeps, 'engine'>,
  { name, build }: RetriedKey['build'],
): number | null {
  return engine.reactors.some((reactor) => reactor.name === name) ? null : build;
}

function numberedBy(deps: QuarantineDeps, build: RetriedKey['build']): { model: string; version: number | null } {
  return { model: build.name, version: buildOf(deps, build) };
}

export async function quarantineOf(
  deps: QuarantineDeps,
  of: readonly Quarantining[],
): Promise<z.infer<typeof quarantineSchema>> {
  const { engine, tokens } = deps;
  const list = await engine.listQuarantine(of);
  return {
    quarantined: list.quarantined.map(({ build, held, waiting }) => {
      const { stream, revision, type, message: error, since } = held;
      const position = tokens.encode(held.position);
      return { ...numberedBy(deps, build), stream, revision, type, position, error, since, waiting };
    }),
    skipped: list.skipped.map(({ message, position, ...one }) => ({
      ...one,
      position: tokens.encode(position),
      error: message,
    })),
    stopped: list.stopped.map(({ build, stream, revision, position, message }) => {
      const at = { stream, revision, position: tokens.encode(position), error: message };
      return { ...numberedBy(deps, build), ...at };
    }),
  };
}

export interface Retried {
  readonly document: z.infer<typeof retriedSchema>;
  readonly keys: readonly RetriedKey[];
}

/** @param streams none means all. @throws NotQuarantined */
export async function retryIn(
  deps: QuarantineDeps,
  of: readonly Quarantining[],
  streams: readonly string[],
): Promise<Retried> {
  const keys = await deps.engine.retryQuarantined(of, streams);
  return { keys, document: { retried: keys.map((key) => documentOf(deps, key)) } };
}

type Skipped = Awaited<ReturnType<Engine['skipQuarantined']>>;

/** @param key a stream, better with the revision. @throws NotQuarantined, ModelBusy */
export async function skipIn(
  deps: QuarantineDeps,
  of: readonly Quarantining[],
  key: string,
  reason: string,
): Promise<Skipped & { readonly document: z.infer<typeof skippedSchema> }> {
  const { keys, passed } = await deps.engine.skipQuarantined(of, key, reason);
  const why = print.safe(reason).trim();
  const skipped = [
    ...keys.map((one) => ({
      ...documentOf(deps, one),
      ...(one.skipped && { revision: one.before.revision, reason: why }),
    })),
    ...passed.map(({ build, stream, revision }) => ({
      ...{ ...numberedBy(deps, build), stream, revision, reason: why, events: 0, held: null },
    })),
  ];
  return { keys, passed, document: { skipped } };
}

function documentOf(
  deps: QuarantineDeps,
  { build, before, now, events }: RetriedKey,
): z.infer<typeof retriedSchema>['retried'][number] {
  return {
    ...{ ...numberedBy(deps, build), stream: before.stream, events },
    held: now && {
      ...{ revision: now.revision, type: now.type, position: deps.tokens.encode(now.position), error: now.message },
    },
  };
}
