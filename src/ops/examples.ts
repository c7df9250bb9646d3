import { type Examples, SAMPLE, sampleEvent } from '../http/openapi/example.js';

const { position, at } = SAMPLE;
const model = { name: 'category-tree', version: 1, checkpoint: position, lag_events: 0, lag_seconds: 0 };
const build = {
  ...{ build: 1, projection_version: 1, state: 'active', ready: true, checkpoint: position, events: 15 },
  ...{ made_at: at, switched_at: at, kept_until: null },
};
const event = {
  ...sampleEvent('StockTrackingEnded', { reason: null }, 3),
  ...{ stream: 'stock-2', event_id: '01a223ec-c72a-75cc-ac90-a6b6f22012f1' },
};

const job = {
  ...{ job_id: '01a22411-3d1b-7a52-8d34-5c1e6f0a9b27', kind: 'verify', models: ['users'], parameters: {} },
  ...{ requested_by: { kind: 'anonymous', id: null }, state: 'running', cancel_requested: false },
  progress: { what: 'events', done: 250, total: 1_000, per_second: 125, seconds_left: 6 },
  ...{ ok: null, error: null, created_at: at, started_at: at, ended_at: null },
};
const waiting = { ...job, state: 'waiting', progress: null, started_at: null, result: null };
const key = { model: 'user-orders', version: 1, stream: 'order-2d6fbd8a-057e-8599-a83f-1e0ae74416e8' };

/** Of the read models, the first one. */
export const opsExamples: Examples = {
  getStatus: {
    answer: {
      data: {
        store: { kind: 'postgres', head: position },
        models: [{ ...model, state: 'running', quarantined: 0 }],
        reactors: [],
      },
    },
  },
  listReadModels: { answer: { data: [{ name: 'category-tree', projection_version: 1, builds: [build] }] } },
  startJob: { body: { kind: 'verify', models: ['users'] }, answer: { data: waiting } },
  listJobs: { answer: { data: [job], next: null } },
  getJob: { params: { job_id: job.job_id }, answer: { data: { ...job, result: null } } },
  cancelJob: {
    params: { job_id: job.job_id },
    answer: { data: { ...job, state: 'cancelled', cancel_requested: true, ended_at: at, result: null } },
  },
  getQuarantine: { answer: { data: { quarantined: [], skipped: [], stopped: [] } } },
  retryQuarantined: { body: {}, answer: { data: { retried: [] } } },
  skipQuarantined: {
    body: { stream: `${key.stream}@0`, reason: 'A test order with a broken line' },
    answer: {
      data: { skipped: [{ ...key, revision: 0, reason: 'A test order with a broken line', events: 2, held: null }] },
    },
  },
  listLogEvents: {
    params: { stream: 'stock-2', limit: 1 },
    answer: { data: [event], next: `/v1/log?limit=1&stream=stock-2&before=${position}` },
  },
};
