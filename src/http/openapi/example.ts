/** An example of an operation: what is sent, and what it is answered with. A test sends each and compares. */
export interface OperationExample {
  /** Of the path and the query. */
  readonly params?: Readonly<Record<string, string | number>>;
  readonly body?: object;
  /** Of the 2xx; none for an answer without a body. */
  readonly answer?: unknown;
}

/** By operationId. */
export type Examples = Readonly<Record<string, OperationExample>>;

const position = 'cAaX9o7ZR6YwMDAwMDAwMDAwMDAwMDE4';

/** What the examples share. Ids, times and positions are other ones on every installation. */
export const SAMPLE = {
  user_id: '01a223ec-c29e-75d5-b7a9-1a33716d6486',
  order_id: '2d6fbd8a-057e-8599-a83f-1e0ae74416e8',
  paid_order_id: '7c41b0de-93a5-8b02-9e6c-5d2f8a1b3c4d',
  document_id: 'b9a47020-539e-4437-a9d2-7130f00a0e6c',
  at: '2026-01-31T09:30:00.000Z',
  position,
} as const;

/** The metadata of an event that somebody without a key caused. */
export const sampleMetadata = {
  schema_version: 1,
  command_id: '01a223ec-c718-77ea-9732-1361226dce8b',
  fingerprint: 'Xp1xWhRnEezRFKnnNO0pUA',
  correlation_id: '01a223ec-c716-703e-ac39-78cad87c207f',
  causation_id: '01a223ec-c718-77ea-9732-1361226dce8b',
  actor: { kind: 'anonymous', id: null },
};

export function sampleEvent(type: string, data: object, revision: number, schema_version = 1): object {
  const metadata = { ...sampleMetadata, schema_version };
  return { type, data, metadata, revision, position, recorded_at: SAMPLE.at };
}
