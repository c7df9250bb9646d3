/**
 * A server to the client of EventStoreDB: the real protocol over a real port, memory behind it. It behaves as the page
 * of the event store says a real one was seen to, and misbehaves on command. A test tool, never a product.
 */
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import { append, batchAppend } from './appending.js';
import { softDelete, tombstone } from './deleting.js';
import { Faults } from './faults.js';
import { Front } from './front.js';
import { Log } from './log.js';
import { type LoggedEvent, type Proposed, systemEvent } from './logged-event.js';
import type { Member, Node, Role, StandInOptions } from './node.js';
import { read } from './reading.js';
import { Subscriptions } from './subscriptions.js';
import { members, supportedMethods } from './telling.js';

/** As the protocol numbers it. */
export const LEADER_STATE = 8;
/** What a large answer may be: the client takes 17 MiB. */
const MESSAGE_LIMIT = 20 * 1024 * 1024;

export interface StandInParts {
  readonly log?: Log;
  readonly role?: () => Role;
  readonly members?: () => readonly Member[];
}

export class StandIn {
  readonly faults = new Faults();
  readonly subscriptions = new Subscriptions();
  readonly id = randomUUID();

  private constructor(
    readonly log: Log,
    private readonly options: StandInOptions,
    private readonly server: Server,
    private readonly front: Front,
  ) {}

  static async start(options: StandInOptions = {}, parts: StandInParts = {}): Promise<StandIn> {
    const server = new Server({
      'grpc.max_receive_message_length': MESSAGE_LIMIT,
      'grpc.max_send_message_length': MESSAGE_LIMIT,
    });
    const front = new Front(await listen(server, options));
    front.port = options.port ?? 0;
    await front.open();
    const standIn = new StandIn(parts.log ?? new Log(), options, server, front);
    serve(server, standIn.#node(parts));
    return standIn;
  }

  get port(): number {
    return this.front.port;
  }

  /** Without credentials; with TLS a client also needs `tlsCAFile`. */
  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=${this.options.tls !== undefined}`;
  }

  /** Everything that was written, in log order. */
  get events(): readonly LoggedEvent[] {
    return this.log.events;
  }

  get connections(): number {
    return this.front.connections;
  }

  /** An event that a client of ours would not write: of the system, without JSON, with JSON that is none. */
  put(stream: string, event: Partial<Proposed> & { readonly type: string }): void {
    this.log.append(stream, [{ ...systemEvent(event.type, {}), ...event }], 'any');
  }

  /** As `$tb` in the stream's metadata: older revisions are no longer read from the stream. */
  truncate(stream: string, before: number): void {
    this.log.append(`$$${stream}`, [systemEvent('$metadata', { $tb: before })], 'any');
  }

  dropConnections(): void {
    this.front.dropConnections();
  }

  freeze(): void {
    this.front.freeze();
  }

  thaw(): void {
    this.front.thaw();
  }

  /** New connections are refused until `acceptConnections`; those that stand, stay. */
  refuseConnections(): void {
    this.front.refuse();
  }

  async acceptConnections(): Promise<void> {
    await this.front.open();
  }

  /** As by kill -9: connections are reset, the port is closed, the log is kept. */
  async kill(): Promise<void> {
    await this.front.close();
  }

  async restart(): Promise<void> {
    await this.front.close();
    this.front.thaw();
    this.log.forget();
    await this.front.open();
  }

  async stop(): Promise<void> {
    await this.front.close();
    this.server.forceShutdown();
  }

  #node(parts: StandInParts): Node {
    const self = (): Member[] => [{ port: this.port, id: this.id, isAlive: true, state: LEADER_STATE }];
    return {
      log: this.log,
      faults: this.faults,
      subscriptions: this.subscriptions,
      options: this.options,
      role: parts.role ?? (() => ({ state: 'alone' })),
      members: parts.members ?? self,
      dropConnections: () => this.dropConnections(),
    };
  }
}

function serve(server: Server, node: Node): void {
  server.addService(StreamsService, {
    append: append(node),
    batchAppend: batchAppend(node),
    read: read(node),
    delete: softDelete(node),
    tombstone: tombstone(node),
  });
  server.addService(GossipService, { read: members(node) });
  if (node.options.version !== null) {
    server.addService(ServerFeaturesService, { getSupportedMethods: supportedMethods(node) });
  }
}

async function listen(server: Server, { tls }: StandInOptions): Promise<number> {
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }])
    : ServerCredentials.createInsecure();
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

export async function startStandIn(options: StandInOptions = {}, parts: StandInParts = {}): Promise<StandIn> {
  return StandIn.start(options, parts);
}

/** Stopped with the test. */
export async function standIn(t: Test, options: StandInOptions = {}): Promise<StandIn> {
  const started = await startStandIn(options);
  t.teardown(() => started.stop());
  return started;
}
