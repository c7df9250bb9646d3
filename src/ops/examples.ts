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
  listLogEvents: {
    params: { stream: 'stock-2', limit: 1 },
    answer: { data: [event], next: `/v1/log?limit=1&stream=stock-2&before=${position}` },
  },
};
