/** What `orderlog status` prints and `GET /v1/ops/status` answers: the stores, the head of the log, each read model and each reactor. */
import { z } from 'zod';
import { leftOfRestore } from '../backup/restore-note.js';
import type { Engine, Position } from '../engine/index.js';
import { count, revision, time } from '../http/schemas.js';

/** Counting what a read model or a reactor lacks ends here. */
const CAP = 1_000_000;

export interface StatusDeps {
  readonly engine: Pick<Engine, 'report' | 'store'>;
  readonly tokens: { encode(position: Position): string };
  readonly config: { readonly dataDir: string };
}

const stop = z
  .strictObject({
    stream: z.string().nullable(),
    revision: revision.nullable(),
    position: z.string(),
    message: z.string(),
    lost: z.literal(true).optional(),
  })
  .meta({ id: 'ProjectionStop' });

const subscription = z
  .strictObject({
    connected_since: time.nullable(),
    drops: z.record(z.string(), count),
    last_event_at: time.nullable(),
  })
  .meta({ id: 'Subscription' });

/** Of a read model, or of a reactor. */
const followerStatus = z
  .strictObject({
    name: z.string(),
    /** The number of the build that is read; of a reactor, the version of its code. */
    version: count,
    checkpoint: z.string(),
    lag_events: count,
    lag_seconds: z.number(),
    state: z.enum(['missing', 'idle', 'running', 'degraded', 'stopped']).meta({ id: 'ReadModelState' }),
    quarantined: count,
    subscription: subscription.optional(),
    error: stop.optional(),
  })
  .meta({ id: 'ReadModelStatus' });

export const statusSchema = z
  .strictObject({
    store: z.strictObject({ kind: z.string(), head: z.string() }).meta({ id: 'StoreStatus' }),
    models: z.array(followerStatus),
    reactors: z.array(followerStatus),
    notes: z.array(z.string()).optional(),
  })
  .meta({ id: 'Status' });

type Report = Awaited<ReturnType<Engine['report']>>;
type FollowerReport = Report['reactors'][number];

export interface Status {
  readonly document: z.infer<typeof statusSchema>;
  /** What the document is made of, in the same order. */
  readonly report: Pick<Report, 'models' | 'reactors'>;
  /** What an operator must know, in words. */
  readonly problems: readonly string[];
}

export async function readStatus({ engine, tokens, config }: StatusDeps): Promise<Status> {
  const { store } = engine;
  const head = await store.head();
  const report = await engine.report({ cap: CAP });
  const { models, reactors, heldSnapshot } = report;
  const unmade = models.filter(({ isReadable }) => !isReadable);
  const notes = [leftOfRestore(config.dataDir, unmade), heldSnapshot].filter((one) => one !== null);
  const all = [...models, ...reactors];
  const told = [...all.map(({ problem }) => problem), ...all.map(({ degradation }) => degradation)];
  return {
    document: {
      store: { kind: store.kind, head: tokens.encode(head) },
      models: models.map((one) => documentOf(one, tokens)),
      reactors: reactors.map((one) => documentOf(one, tokens)),
      ...(notes.length > 0 && { notes }),
    },
    report,
    problems: [...notes, ...told.filter((one) => one !== null)],
  };
}

function documentOf(report: FollowerReport, tokens: StatusDeps['tokens']): z.infer<typeof followerStatus> {
  const { subscription: connection, error } = report;
  return {
    name: report.name,
    version: report.version,
    checkpoint: tokens.encode(report.checkpoint),
    lag_events: report.lag_events,
    lag_seconds: Math.round(report.lag_seconds * 1_000) / 1_000,
    state: report.state,
    quarantined: report.quarantined,
    ...(connection && {
      subscription: {
        connected_since: connection.connectedSince,
        drops: { ...connection.drops },
        last_event_at: connection.lastEventAt,
      },
    }),
    ...(error && { error: { ...error, position: tokens.encode(error.position) } }),
  };
}
