import type pg from 'pg';
import { BackOff, pause } from './back-off.js';
import { sessionBeside } from './session.js';

/** A connection that listens, made again whenever it is lost. What is sent in between is not heard. */
export class Listener {
  readonly #closing = new AbortController();
  #tried: Promise<void> | null = null;
  #run: Promise<void> = Promise.resolve();

  /**
   * @param channels plain names
   * @param connected is called whenever it listens from now on: what was sent before may not have been heard
   */
  constructor(
    readonly pool: pg.Pool,
    readonly channels: readonly string[],
    readonly heard: (channel: string, payload: string) => void,
    readonly connected: () => void = () => undefined,
  ) {}

  /** Resolves once it listens, or once the first try has failed. */
  start(): Promise<void> {
    this.#tried ??= new Promise((tried) => {
      this.#run = this.#keepListening(tried);
    });
    return this.#tried;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#run;
  }

  async #keepListening(tried: () => void): Promise<void> {
    const { signal } = this.#closing;
    const backOff = new BackOff();
    while (!signal.aborted) {
      const client = sessionBeside(this.pool, 'listen');
      let lose = (): void => undefined;
      const lost = new Promise<void>((resolve) => {
        lose = (): void => {
          resolve();
        };
      });
      client.on('error', lose).on('end', lose);
      signal.addEventListener('abort', lose, { once: true });
      client.on('notification', ({ channel, payload }) => {
        this.heard(channel, payload ?? '');
      });
      try {
        await client.connect();
        await client.query(this.channels.map((channel) => `listen ${channel}`).join('; '));
        backOff.reset();
        this.connected();
        tried();
        await lost;
      } catch {
        tried();
      }
      signal.removeEventListener('abort', lose);
      await client.end().catch(() => undefined);
      await pause(signal.aborted ? 0 : backOff.next(), signal);
    }
    tried();
  }
}
