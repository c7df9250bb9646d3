/** Event types: the storage format of an event, how an old shape reaches it, and which of its fields are personal. */
import { type Envelope, type JsonObject, type RecordedEvent, readMetadata } from './message.js';
import { faultWords, type Issue } from './fault-words.js';
import { printable } from './printable.js';
import { upcast, type Upcaster } from './upcaster.js';
import type { Sealed } from './vault.js';

/** What zod schemas have in common with the core, which knows no package. */
export interface Schema<T> {
  /** @param options with `error`, what says in words what is wrong */
  parse(input: unknown, options?: { error?: (issue: Issue) => string }): T;
}

export interface EventType<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  /** Current schema version, from 1. */
  readonly version: number;
  readonly schema: Schema<Data>;
  readonly upcasters: readonly Upcaster[];
  /** Paths (`name`, `proof.sha256`) of fields that are sealed with the key of their owner. */
  readonly personal: readonly string[];
  /** The field that names the owner; null where nothing is personal. */
  readonly owner: string | null;
  /** Paths of those that no history shows: keys, which would outlive the user's own key wherever it is kept. */
  readonly secret: readonly string[];
  /** The field that says when it happened; null: the one text whose name ends in `_at`, if there is one. */
  readonly time: string | null;
}

/** The event types of a stream category, by name. */
export type EventTypes = { readonly [type: string]: EventType };

interface Options {
  readonly personal?: readonly string[];
  readonly owner?: string;
  readonly secret?: readonly string[];
  readonly upcasters?: readonly Upcaster[];
  readonly time?: string;
}

/** The fields that could say when it happened: texts whose names end in `_at`. */
type TimeOf<Data> = {
  [K in keyof Data & `${string}_at`]-?: NonNullable<Data[K]> extends string ? K : never;
}[keyof Data & `${string}_at`];

type AreSeveral<Name, All = Name> = Name extends unknown ? ([All] extends [Name] ? never : true) : never;

/** Where several fields could say when it happened, `time` names the one that does: a due date must not be taken for it. */
type OptionsOf<Data> = [AreSeveral<TimeOf<Data>>] extends [never]
  ? [options?: Options & { readonly time?: TimeOf<Data> }]
  : [optionsWithTime: Options & { readonly time: TimeOf<Data> }];

/**
 * Declares an event type. `personal` fields are of type Sealed in the schema, and `owner` names the field that says whose they are.
 * `time` names the field that says when it happened: the `at` of a later command on the stream is never before it. It may be left
 * out if at most one text has a name that ends in `_at`, which then is the time.
 * @throws TypeError when there are personal fields and no owner
 */
export function eventType<Type extends string, Data extends object>(
  type: Type,
  schema: Schema<Data>,
  ...given: OptionsOf<Data>
): EventType<Type, Data> {
  const options: Options = given[0] ?? {};
  const { personal = [], owner = null, secret = [], upcasters = [], time = null } = options;
  if (personal.length > 0 && owner === null) throw new TypeError(`${type} has personal fields, but names no owner`);
  return { type, version: upcasters.length + 1, schema, upcasters, personal, owner, secret, time };
}

/** The clear form of stored data: what is sealed becomes text, or null once the key is gone. */
export type Opened<T> = T extends Sealed
  ? string | null
  : T extends readonly (infer Item)[]
    ? readonly Opened<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: Opened<T[K]> }
      : T;

type DataOf<T> = T extends EventType<string, infer Data> ? Data : never;

/** The facts of a stream category as its decider sees them: in the clear. */
export type FactOf<Types extends EventTypes> = {
  [K in keyof Types & string]: { readonly type: K; readonly data: Opened<DataOf<Types[K]>> };
}[keyof Types & string];

/** The events as a projection sees them: as stored, personal fields sealed. */
export type StoredFact<T extends EventType> = { readonly type: T['type']; readonly data: DataOf<T> };

/** An event in the log that this code can't read. The log is right and the code is wrong, or the log was tampered with. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
  constructor(
    readonly event: Pick<RecordedEvent, 'stream' | 'revision' | 'position' | 'type' | 'id'>,
    /** In one line. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`event ${event.type} at ${event.stream}@${event.revision}: ${reason}`, options);
  }
}

/** What has been read of an event: several projections get the same one, and what they get is never changed. */
const read = new WeakMap<RecordedEvent, { readonly type: EventType; readonly event: object }>();

/**
 * Reads a recorded event: metadata, upcasters, schema.
 * @throws UnreadableEvent
 */
export function decode<T extends EventType>(event: RecordedEvent, type: T): Envelope<StoredFact<T>> {
  const known = read.get(event);
  if (known?.type === type) return known.event as Envelope<StoredFact<T>>;
  const envelope = decodeAlone(event, type);
  read.set(event, { type, event: envelope });
  return envelope;
}

/** With `async`, which zod would otherwise add to a copy of it for each event (docs/decisions/0037). */
const WORDS = { error: faultWords, async: false };

/** The same, for callers that see each event once: nothing of it is kept. @throws UnreadableEvent */
export function decodeAlone<T extends EventType>(event: RecordedEvent, type: T): Envelope<StoredFact<T>> {
  try {
    const metadata = readMetadata(event.metadata);
    const data = type.schema.parse(upcast(event.data, metadata.schema_version, type.upcasters), WORDS) as DataOf<T>;
    const { id, stream, revision, position, recordedAt } = event;
    return { type: type.type, data, id, stream, revision, position, recordedAt, metadata };
  } catch (cause) {
    throw new UnreadableEvent(event, reasonOf(cause), { cause });
  }
}

const MOST_FAULTS = 3;

interface StoredFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Members that the schema does not know. */
  readonly keys?: readonly string[];
}

/** In one line: of a schema, that is where in the data and what is wrong there. */
function reasonOf(cause: unknown): string {
  const { issues } = cause as { readonly issues?: readonly StoredFault[] };
  if (!issues) return printable(cause instanceof Error ? cause.message : String(cause)).trim();
  const faults = issues.flatMap(({ path, message, keys }) => {
    const at = ['data', ...path].map(String).join('.');
    return keys?.map((key) => `${at}.${key}: is not known`) ?? [`${at}: ${message}`];
  });
  const more = faults.length > MOST_FAULTS ? `; and ${faults.length - MOST_FAULTS} more` : '';
  return printable(faults.slice(0, MOST_FAULTS).join('; ')).trim() + more;
}

/** Replaces the strings at the given paths; a path that is absent or null in the data is passed over. */
export async function mapPersonal(
  data: object,
  paths: readonly string[],
  map: (text: string, path: string) => Promise<string | null>,
): Promise<JsonObject> {
  const given = paths.filter((path) => {
    const { parent, last } = fieldAt(data, path);
    return typeof parent?.[last] === 'string';
  });
  // A copy of a large order costs more than all the rest.
  if (given.length === 0) return data as JsonObject;
  const copy = structuredClone(data) as Record<string, unknown>;
  for (const path of given) {
    const { parent, last } = fieldAt(copy, path);
    const value = parent?.[last];
    if (parent && typeof value === 'string') parent[last] = await map(value, path);
  }
  return copy as JsonObject;
}

/** The data of an event as a history shows it. */
export function withoutSecrets(data: object, type: EventType | undefined): JsonObject {
  if (!type || type.secret.length === 0) return data as JsonObject;
  const copy = structuredClone(data) as JsonObject;
  for (const path of type.secret) {
    const { parent, last } = fieldAt(copy, path);
    delete parent?.[last];
  }
  return copy;
}

/** The object in which a path ends, if there is one, and its last step. */
export function fieldAt(data: object, path: string): { parent: Record<string, unknown> | null; last: string } {
  const steps = path.split('.');
  const last = steps.pop() as string;
  let parent: Record<string, unknown> | null = data as Record<string, unknown>;
  for (const step of steps) parent = (parent?.[step] ?? null) as Record<string, unknown> | null;
  return { parent, last };
}
