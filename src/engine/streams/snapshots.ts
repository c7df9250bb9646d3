/**
 * Folded states of long streams, so that loading one does not read it from its first event. A cache: each row names the log, the
 * version of the code and the event that it is true for, and that event is looked at before the state is used. All rows can be deleted at
 * any time, while processes run.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Position } from '../core/event-store.js';
import type { JsonValue } from '../core/message.js';

/** A folded state and the event that it is true for. */
export interface Standing<State> {
  readonly state: State;
  /** Of the last event, -1 if there is none. */
  readonly revision: number;
  readonly position: Position;
  /** Of the last event; null if there is none. */
  readonly eventId: string | null;
}

/** How a state is written down. */
export interface SnapshotForm<State> {
  /** Of the code that folds. States of other versions are not read. */
  readonly version: number;
  readonly write: (state: State) => JsonValue;
  /** @throws Error of any kind for what is no such state */
  readonly read: (json: unknown) => State;
  /** After how many events a new snapshot is due: the more it takes to write one, the fewer there should be. */
  readonly every: (state: State) => number;
}

interface Row {
  readonly revision: number;
  readonly position: string;
  readonly event_id: string;
  readonly state: string;
  readonly digest: Buffer;
}

/** The snapshots of one stream category. */
export class Snapshots<State> {
  readonly #saving = new Set<Promise<void>>();
  /** By stream of which one is being saved: what is to be saved after it. */
  readonly #next = new Map<string, Standing<State> | null>();

  constructor(
    private readonly pool: Pick<pg.Pool, 'query'>,
    private readonly logId: string,
    private readonly form: SnapshotForm<State>,
  ) {}

  /** What is kept of a stream and can be read, to be held against the log; null if nothing is. */
  async load(stream: string): Promise<Standing<State> | null> {
    try {
      const { rows } = await this.pool.query<Row>({
        name: 'snapshot-load',
        text: `select revision, position, event_id, state, digest from orderlog.snapshots
               where stream = $1 and log_id = $2 and code_version = $3`,
        values: [stream, this.logId, this.form.version],
      });
      const [row] = rows;
      if (!row || !digestOf(row.state).equals(row.digest)) return null;
      const state = this.form.read(JSON.parse(row.state));
      return { state, revision: row.revision, position: row.position as Position, eventId: row.event_id };
    } catch {
      // It saves time and nothing else: without it the stream is read.
      return null;
    }
  }

  isDue(state: State, revision: number, savedAt: number): boolean {
    return revision - savedAt >= this.form.every(state);
  }

  /** In the background, one of a stream at a time: of two, the older one could come last. What fails is done again the next time. */
  save(stream: string, standing: Standing<State>): void {
    const isUnderWay = this.#next.has(stream);
    this.#next.set(stream, standing);
    if (isUnderWay) return;
    const saving = this.#saveNext(stream).finally(() => this.#saving.delete(saving));
    this.#saving.add(saving);
  }

  /** Waits for what is being saved. */
  async close(): Promise<void> {
    await Promise.all(this.#saving);
  }

  async #saveNext(stream: string): Promise<void> {
    for (let next = this.#next.get(stream); next; next = this.#next.get(stream)) {
      this.#next.set(stream, null);
      await this.#write(stream, next).catch(() => undefined);
    }
    this.#next.delete(stream);
  }

  async #write(stream: string, { state: folded, revision, position, eventId }: Standing<State>): Promise<void> {
    const state = JSON.stringify(this.form.write(folded));
    await this.pool.query({
      name: 'snapshot-save',
      text: `insert into orderlog.snapshots (stream, log_id, code_version, revision, position, event_id, state, digest)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (stream) do update set log_id = excluded.log_id, code_version = excluded.code_version,
               revision = excluded.revision, position = excluded.position, event_id = excluded.event_id,
               state = excluded.state, digest = excluded.digest, saved_at = default`,
      values: [stream, this.logId, this.form.version, revision, position, eventId, state, digestOf(state)],
    });
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
