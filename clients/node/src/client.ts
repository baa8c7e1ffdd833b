import {
  credentials,
  Metadata,
  type CallOptions,
  type ChannelCredentials,
  type ClientOptions,
  type ServiceError,
} from "@grpc/grpc-js";

import { answerOf, type Answer } from "./answer.js";
import { translated } from "./error.js";
import {
  DumpRequest,
  GetHealthRequest,
  KvIndexerClient,
  KvIndexerService,
  ListPartitionsRequest,
  ListPeersRequest,
  ListWorkersRequest,
  RegisterRequest,
  SourceKind,
  UnregisterRequest,
  type DumpResponse,
  type GetHealthResponse,
  type PartitionStatus,
  type StoredBlocks,
  type WorkerStatus,
} from "./generated/kvindex/v1/kvindex.js";
import {
  hashRequest,
  partitionFields,
  queryRequest,
  type HashQueryOptions,
  type InstanceId,
  type PartitionOptions,
  type QueryOptions,
} from "./requests.js";
import { QueryStream } from "./stream.js";

export interface ClientSettings {
  /** The deadline of each call, retries included; default 5000. */
  timeoutMs?: number;
  /** How often a read that meets UNAVAILABLE is tried in all; default 3. Writes are tried once. */
  attempts?: number;
  /** Default: not encrypted. */
  credentials?: ChannelCredentials;
}

/** Which worker to follow, and where its events are published. */
export interface Registration extends PartitionOptions {
  instanceId: InstanceId;
  dpRank?: number;
  /** The ZMQ endpoint on which the engine publishes. */
  endpoint: string;
  /** The one on which it replays past batches, if any. */
  replayEndpoint?: string;
  /** The adapter of events that name none themselves. */
  loraName?: string;
  /** True for a store that all workers of the partition can load from. */
  pool?: boolean;
}

/** Which worker to forget; without `dpRank` all ranks of the instance. */
export interface Unregistration extends PartitionOptions {
  instanceId: InstanceId;
  dpRank?: number;
}

const messageBytes = 8 << 20; // what the server accepts, and more than its messages are
const reads = ["ListWorkers", "ListPartitions", "Query", "QueryByHash", "Dump", "GetHealth", "ListPeers"];

function channelOptions(attempts: number): ClientOptions {
  const methodConfig = {
    name: reads.map((method) => ({ service: "kvindex.v1.KvIndexer", method })),
    retryPolicy: {
      maxAttempts: attempts,
      initialBackoff: "0.05s",
      maxBackoff: "1s",
      backoffMultiplier: 2,
      retryableStatusCodes: ["UNAVAILABLE"],
    },
  };
  return {
    "grpc.max_send_message_length": messageBytes,
    "grpc.max_receive_message_length": messageBytes,
    "grpc.initial_reconnect_backoff_ms": 100, // else the first retry meets no new connection
    "grpc.per_rpc_retry_buffer_size": 2 * messageBytes, // a longer request is not tried again
    "grpc.retry_buffer_size": 8 * messageBytes,
    "grpc.enable_retries": attempts > 1 ? 1 : 0,
    "grpc.service_config": JSON.stringify({ methodConfig: attempts > 1 ? [methodConfig] : [] }),
  };
}

type Unary<Q, A> = (
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, answer: A) => void,
) => unknown;

/** Talks to one kvindexd. Failures are KvIndexErrors. */
export class Client {
  /** The generated client. */
  readonly rpc: KvIndexerClient;
  readonly #timeoutMs: number;

  constructor(target = "127.0.0.1:8091", settings: ClientSettings = {}) {
    this.#timeoutMs = settings.timeoutMs ?? 5000;
    const secret = settings.credentials ?? credentials.createInsecure();
    this.rpc = new KvIndexerClient(target, secret, channelOptions(settings.attempts ?? 3));
  }

  close(): void {
    this.rpc.close();
  }

  /** Who holds how much of a prompt, given as token ids. */
  async query(tokenIds: Iterable<number>, options: QueryOptions = {}): Promise<Answer> {
    return answerOf((await this.#unary(this.rpc.query, queryRequest(tokenIds, options))).result);
  }

  /** The same for local block hashes, see `localHashes`. */
  async queryByHash(blockHashes: Iterable<bigint>, options: HashQueryOptions = {}): Promise<Answer> {
    return answerOf((await this.#unary(this.rpc.queryByHash, hashRequest(blockHashes, [], options))).result);
  }

  /** The same for sequence hashes, see `sequenceHashes`. */
  async queryBySequenceHash(hashes: Iterable<bigint>, options: HashQueryOptions = {}): Promise<Answer> {
    return answerOf((await this.#unary(this.rpc.queryByHash, hashRequest([], hashes, options))).result);
  }

  /** Opens a stream for many questions in flight. It has no deadline. */
  queryStream(): QueryStream {
    const { path, responseDeserialize } = KvIndexerService.queryStream;
    return new QueryStream(this.rpc.makeBidiStreamRequest(path, (bytes: Buffer) => bytes, responseDeserialize));
  }

  /** Subscribes to a worker's events. Does not wait for the worker. */
  async register(r: Registration): Promise<void> {
    const request = RegisterRequest.fromPartial({
      ...partitionFields(r),
      instanceId: String(r.instanceId),
      dpRank: r.dpRank,
      endpoint: r.endpoint,
      replayEndpoint: r.replayEndpoint,
      loraName: r.loraName,
      kind: r.pool ? SourceKind.POOL : SourceKind.ENGINE,
    });
    await this.#unary(this.rpc.register, request);
  }

  /** Forgets one rank, or all ranks of an instance. Resolves to how many workers that were. */
  async unregister(u: Unregistration): Promise<number> {
    const request = UnregisterRequest.fromPartial({
      ...partitionFields(u),
      instanceId: String(u.instanceId),
      rank: u.dpRank === undefined ? undefined : { $case: "dpRank", value: u.dpRank },
    });
    return Number((await this.#unary(this.rpc.unregister, request)).removedWorkers);
  }

  /** The workers of all partitions, or of some. */
  async workers(where: { model?: string; tenant?: string } = {}): Promise<WorkerStatus[]> {
    return (await this.#unary(this.rpc.listWorkers, ListWorkersRequest.fromPartial(where))).workers;
  }

  /** All partitions, in order of their creation. */
  async partitions(): Promise<PartitionStatus[]> {
    return (await this.#unary(this.rpc.listPartitions, ListPartitionsRequest.fromPartial({}))).partitions;
  }

  /** Every block held, parents before children. Has no deadline: leave the loop to end it. */
  async *dump(where: { model?: string; tenant?: string } = {}): AsyncGenerator<StoredBlocks, void, undefined> {
    for await (const slice of this.dumpSlices(where)) yield* slice.events;
  }

  /** The same as it arrives: slices that name their partition. */
  async *dumpSlices(where: { model?: string; tenant?: string } = {}): AsyncGenerator<DumpResponse, void, undefined> {
    const call = this.rpc.dump(DumpRequest.fromPartial(where));
    call.on("error", () => {}); // told by the loop; a cancelled call reports once more
    try {
      for await (const slice of call) yield slice as DumpResponse;
    } catch (error) {
      throw translated(error);
    } finally {
      call.cancel();
    }
  }

  /** Whether the server is ready, and why not. */
  async health(): Promise<GetHealthResponse> {
    return this.#unary(this.rpc.getHealth, GetHealthRequest.fromPartial({}));
  }

  /** The REST addresses of the indexers that this one may be recovered from. */
  async peers(): Promise<string[]> {
    return (await this.#unary(this.rpc.listPeers, ListPeersRequest.fromPartial({}))).urls;
  }

  async registerPeer(url: string): Promise<void> {
    await this.#unary(this.rpc.registerPeer, { url });
  }

  async deregisterPeer(url: string): Promise<void> {
    await this.#unary(this.rpc.deregisterPeer, { url });
  }

  #unary<Q, A>(method: Unary<Q, A>, request: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      method.call(this.rpc, request, new Metadata(), { deadline: Date.now() + this.#timeoutMs }, (error, answer) =>
        error ? reject(translated(error)) : resolve(answer),
      );
    });
  }
}
