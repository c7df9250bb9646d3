/** The hot streams of one category. Those that were used last are kept folded. */
import type pg from 'pg';
import type { CommandHandler, Outcome } from '../core/command-handler.js';
import type { Fact } from '../core/message.js';
import type { CommandContext, StreamBinding } from '../core/stream-access.js';
import { type HotOptions, HotStream } from './hot-stream.js';
import { type SnapshotForm, Snapshots, type Standing } from './snapshots.js';

/** Most that are kept while nothing is under way on them. */
const MOST_KEPT = 1_000;

export interface SnapshotSettings<State> {
  readonly pool: Pick<pg.Pool, 'query'>;
  readonly logId: string;
  readonly form: SnapshotForm<State>;
}

export class HotStreams<State, Command, F extends Fact> {
  readonly #snapshots: Snapshots<State> | null;
  /** By id, the one used last at the end. */
  readonly #kept = new Map<string, HotStream<State, Command, F>>();

  /** @param settings of the snapshots; without them every stream is read from its first event */
  constructor(
    private readonly handler: Pick<CommandHandler, 'store' | 'vault'>,
    private readonly binding: StreamBinding<State, Command, F>,
    settings: SnapshotSettings<State> | null = null,
  ) {
    this.#snapshots = settings && new Snapshots(settings.pool, settings.logId, settings.form);
  }

  /** Carries a command out, together with those on the same stream that wait at the same moment. @throws Refusal */
  execute(id: string, command: Command, context: CommandContext, options?: HotOptions<State>): Promise<Outcome<State>> {
    return this.#of(id).execute(command, context, options);
  }

  /** The state with everything that was recorded before the call. */
  current(id: string): Promise<Standing<State>> {
    return this.#of(id).current();
  }

  /** Waits for snapshots that are being saved. */
  async close(): Promise<void> {
    await this.#snapshots?.close();
  }

  #of(id: string): HotStream<State, Command, F> {
    const stream = this.#kept.get(id) ?? new HotStream(this.handler, this.binding, id, this.#snapshots);
    this.#kept.delete(id);
    this.#kept.set(id, stream);
    for (const [other, { isIdle }] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT) break;
      if (isIdle && other !== id) this.#kept.delete(other);
    }
    return stream;
  }
}
