import net from 'node:net';

/**
 * The door of a server: what clients connect to. Behind it the gRPC server is never disturbed, so that what a crash, a
 * frozen process or a broken network look like from outside can be had without one.
 */
export class Front {
  readonly #pairs = new Set<readonly [net.Socket, net.Socket]>();
  #listener: net.Server | null = null;
  #isFrozen = false;
  port = 0;

  /** `inner`: the port of the gRPC server. */
  constructor(private readonly inner: number) {}

  async open(): Promise<void> {
    if (this.#listener) return;
    const listener = net.createServer((outside) => this.#accept(outside));
    this.#listener = listener;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (listener.address() as net.AddressInfo).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** By a reset, as a process that is killed leaves them. */
  dropConnections(): void {
    for (const [outside, inside] of this.#pairs) {
      outside.resetAndDestroy();
      inside.destroy();
    }
    this.#pairs.clear();
  }

  async close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    const closed = new Promise<void>((resolve) => (listener ? listener.close(() => resolve()) : resolve()));
    this.dropConnections();
    await closed;
  }

  /** Existing connections stay; a new one is refused, until `open`. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = null;
  }

  /** As a stopped process: connections stand, the kernel accepts new ones, and nothing is read or written. */
  freeze(): void {
    this.#isFrozen = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.unpipe();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const pair of this.#pairs) connect(pair);
  }

  #accept(outside: net.Socket): void {
    const inside = net.connect({ host: '127.0.0.1', port: this.inner, noDelay: true });
    outside.setNoDelay(true);
    const pair = [outside, inside] as const;
    this.#pairs.add(pair);
    for (const [socket, other] of [pair, [inside, outside]] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
    if (!this.#isFrozen) connect(pair);
  }
}

function connect([outside, inside]: readonly [net.Socket, net.Socket]): void {
  outside.pipe(inside);
  inside.pipe(outside);
}
