import {
  QueryByHashRequest,
  QueryRequest,
  type Candidate as CandidateMessage,
} from "./generated/kvindex/v1/kvindex.js";

/** An engine deployment. Numbers above 2^53 as text or bigint. */
export type InstanceId = string | number | bigint;

/** A worker that is asked about; without `dpRank` all ranks of the instance. */
export interface Candidate {
  instanceId: InstanceId;
  dpRank?: number;
}

/** One index. Absent names mean `default`; the others whatever there is, or at registration the server's. */
export interface PartitionOptions {
  model?: string;
  tenant?: string;
  additionalSalt?: string;
  /** In tokens. */
  blockSize?: number;
}

/** What every question may carry. */
export interface HashQueryOptions extends PartitionOptions {
  /** Only these workers. Absent or empty: all. */
  candidates?: readonly Candidate[];
  /** At most so many hits, the best ones, best first. */
  maxHits?: number;
  /** Also workers that hold nothing, with zeros. */
  everyWorker?: boolean;
}

/** What a question of tokens may carry besides: what is hashed together with them. */
export interface QueryOptions extends HashQueryOptions {
  loraName?: string;
  cacheSalt?: string;
  /** For engines that publish token pairs (EAGLE). */
  bigrams?: boolean;
}

export function partitionFields({ model, tenant, additionalSalt, blockSize }: PartitionOptions) {
  return { model, tenant, additionalSalt, blockSizeTokens: blockSize };
}

export function queryRequest(tokenIds: Iterable<number>, options: QueryOptions): QueryRequest {
  const request = QueryRequest.fromPartial({
    ...commonFields(options),
    bigrams: options.bigrams,
    loraName: options.loraName,
    cacheSalt: options.cacheSalt,
  });
  request.tokenIds = Array.isArray(tokenIds) ? tokenIds : Array.from(tokenIds);
  return request;
}

/** Exactly one of the two lists should hold hashes. Signed ones are taken as their two's-complement bits. */
export function hashRequest(
  blockHashes: Iterable<bigint>,
  sequenceHashes: Iterable<bigint>,
  options: HashQueryOptions,
): QueryByHashRequest {
  const request = QueryByHashRequest.fromPartial(commonFields(options));
  request.blockHashes = Array.from(blockHashes, unsigned);
  request.sequenceHashes = Array.from(sequenceHashes, unsigned);
  return request;
}

function unsigned(hash: bigint): bigint {
  return BigInt.asUintN(64, hash);
}

function commonFields(options: HashQueryOptions) {
  if (options.candidates?.length === 0) {
    // A filter that left nobody must not ask about everybody.
    throw new RangeError("`candidates` is empty; leave it out to ask about all workers");
  }
  return {
    ...partitionFields(options),
    candidates: options.candidates?.map(candidateMessage),
    maxHits: options.maxHits,
    everyWorker: options.everyWorker,
  };
}

function candidateMessage({ instanceId, dpRank }: Candidate): CandidateMessage {
  return {
    instanceId: String(instanceId),
    rank: dpRank === undefined ? undefined : { $case: "dpRank", value: dpRank },
  };
}
