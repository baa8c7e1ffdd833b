import { status, type ClientDuplexStream, type ServiceError } from "@grpc/grpc-js";

import { answerOf, type Answer } from "./answer.js";
import { KvIndexError, translated } from "./error.js";
import { QueryStreamRequest, type QueryStreamResponse } from "./generated/kvindex/v1/kvindex.js";
import { hashRequest, queryRequest, type HashQueryOptions, type QueryOptions } from "./requests.js";

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Many questions in flight on one stream, which costs less than a call for each. A bad question rejects its own promise
 * only. Once the stream has failed, all that is asked fails: open a new one.
 */
export class QueryStream {
  readonly #call: ClientDuplexStream<Buffer, QueryStreamResponse>;
  readonly #waiting = new Map<bigint, Waiting>();
  #next = 0n;
  #failure: unknown;

  /** Made by Client.queryStream(). The call takes serialized requests: one that cannot be must not end the stream. */
  constructor(call: ClientDuplexStream<Buffer, QueryStreamResponse>) {
    this.#call = call;
    call.on("data", (response: QueryStreamResponse) => this.#answer(response));
    call.on("error", (error: ServiceError) => this.#fail(translated(error)));
    call.on("end", () => this.#fail(new KvIndexError(status.UNAVAILABLE, "the server ended the stream")));
  }

  /** As Client.query. */
  async query(tokenIds: Iterable<number>, options: QueryOptions = {}): Promise<Answer> {
    return this.#ask({ $case: "query", value: queryRequest(tokenIds, options) });
  }

  /** As Client.queryByHash. */
  async queryByHash(blockHashes: Iterable<bigint>, options: HashQueryOptions = {}): Promise<Answer> {
    return this.#ask({ $case: "queryByHash", value: hashRequest(blockHashes, [], options) });
  }

  /** As Client.queryBySequenceHash. */
  async queryBySequenceHash(hashes: Iterable<bigint>, options: HashQueryOptions = {}): Promise<Answer> {
    return this.#ask({ $case: "queryByHash", value: hashRequest([], hashes, options) });
  }

  /** Ends the stream. Questions in flight are rejected with CANCELLED. */
  close(): void {
    this.#fail(new KvIndexError(status.CANCELLED, "the stream was closed"));
    this.#call.cancel();
  }

  #ask(question: QueryStreamRequest["question"]): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const requestId = this.#next++;
    return new Promise((resolve, reject) => {
      const request = QueryStreamRequest.encode({ requestId, question }).finish();
      this.#waiting.set(requestId, { resolve, reject });
      this.#call.write(Buffer.from(request));
    });
  }

  #answer({ requestId, outcome }: QueryStreamResponse): void {
    const waiting = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    if (outcome?.$case === "result") waiting?.resolve(answerOf(outcome.value));
    else waiting?.reject(new KvIndexError(outcome?.value.code ?? status.UNKNOWN, outcome?.value.message ?? "no outcome"));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
