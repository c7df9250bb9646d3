/** What a job is: its kinds, what can be asked for, and what there is to say of it. */
import { z } from 'zod';
import { count, time } from '../../http/schemas.js';

export const JOB_KINDS = ['rebuild', 'verify', 'rollback', 'replay'] as const;
export const JOB_STATES = ['waiting', 'running', 'done', 'failed', 'cancelled', 'lost'] as const;

export type JobKind = (typeof JOB_KINDS)[number];

const name = z.string().regex(/^[a-z][a-z-]{0,62}$/, 'is not the name of a read model');
const named = {
  model: name.optional().meta({ description: 'One read model.' }),
  models: z.array(name).min(1).max(100).optional().meta({
    description: 'Several read models. Without `model` and `models`, all of them.',
  }),
};

/** What a caller asks for. */
export const jobRequest = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('rebuild'), ...named, switch: z.boolean().default(true) }),
    z.strictObject({ kind: z.literal('verify'), ...named }),
    z.strictObject({ kind: z.literal('rollback'), ...named, degraded: z.boolean().default(false) }),
    z.strictObject({ kind: z.literal('replay'), ...named, until: z.string().min(1).max(200) }),
  ])
  .refine(({ model, models }) => model === undefined || models === undefined, {
    path: ['models'],
    message: 'can not be given together with model',
  })
  .refine(({ kind, model, models }) => kind !== 'rollback' || model !== undefined || models?.length === 1, {
    path: ['model'],
    message: 'is missing: a rollback is of one read model',
  });

export type JobRequest = z.infer<typeof jobRequest>;

/** How far it is. The rate and the time left are those of the stretch of work that is named. */
const progressSchema = z
  .strictObject({
    what: z.string(),
    done: count,
    total: count.nullable(),
    per_second: z.number(),
    seconds_left: count.nullable(),
  })
  .meta({ id: 'JobProgress' });

export type JobProgress = z.infer<typeof progressSchema>;

const common = z.strictObject({
  job_id: z.uuid(),
  kind: z.enum(JOB_KINDS).meta({ id: 'JobKind' }),
  models: z.array(z.string()),
  parameters: z.record(z.string(), z.unknown()),
  requested_by: z.strictObject({ kind: z.string(), id: z.string().nullable() }).meta({ id: 'Requester' }),
  state: z.enum(JOB_STATES).meta({ id: 'JobState' }),
  cancel_requested: z.boolean(),
  progress: progressSchema.nullable(),
  ok: z.boolean().nullable().meta({
    description:
      'False if the operation found something, such as a difference in a verification. Null until it is done.',
  }),
  error: z.string().nullable().meta({ description: 'Why it failed, or what to do about a lost job.' }),
  created_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
});

const result = z.record(z.string(), z.unknown()).nullable().meta({
  description: 'What the command of the same name prints with `--json`. Null until the job is done.',
});

export const listedJob = common.meta({ id: 'ListedJob' });
export const jobSchema = common.extend({ result }).meta({ id: 'Job' });

export type ListedJob = z.infer<typeof listedJob>;
export type Job = z.infer<typeof jobSchema>;

export function isActive({ state }: Pick<Job, 'state'>): boolean {
  return state === 'waiting' || state === 'running';
}

/** The names that a request gives; none means all. */
export function namesOf({ model, models }: Pick<JobRequest, 'model' | 'models'>): readonly string[] {
  return model === undefined ? (models ?? []) : [model];
}

/** The command that does it, with the arguments of the command line. */
export function argumentsOf(request: JobRequest, models: readonly string[]): readonly string[] {
  switch (request.kind) {
    case 'rebuild':
      return ['rebuild', ...models, ...(request.switch ? [] : ['--no-switch']), '--json'];
    case 'verify':
      return ['verify', ...models, '--brief', '--json'];
    case 'rollback':
      return ['rollback', ...models, ...(request.degraded ? ['--degraded'] : []), '--json'];
    case 'replay':
      return ['replay', ...models, `--until=${request.until}`, '--json'];
  }
}
