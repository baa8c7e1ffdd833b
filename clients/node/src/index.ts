/** A client of kvindex, the KV-cache indexer: who holds how much of a prompt? */
export { Client, type ClientSettings, type Registration, type Unregistration } from "./client.js";
export { KvIndexError } from "./error.js";
export { localHashes, sequenceHashes, type HashingOptions } from "./hashing.js";
export { QueryStream } from "./stream.js";
export { Answer, type Hit, type Worker } from "./answer.js";
export type { Candidate, HashQueryOptions, InstanceId, PartitionOptions, QueryOptions } from "./requests.js";
export { status } from "@grpc/grpc-js";
