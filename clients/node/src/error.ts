import { status, type ServiceError } from "@grpc/grpc-js";

/** A call failed; `code` is a gRPC status code (see `status`), the message is the server's and names the field. */
export class KvIndexError extends Error {
  override readonly name = "KvIndexError";

  constructor(
    readonly code: status,
    readonly details: string,
  ) {
    super(`${status[code] ?? code}: ${details}`);
  }
}

export function translated(error: unknown): unknown {
  const failure = error as Partial<ServiceError>;
  return error instanceof Error && typeof failure.code === "number"
    ? new KvIndexError(failure.code, failure.details ?? error.message)
    : error;
}
