import { SourceState, type QueryResult } from "./generated/kvindex/v1/kvindex.js";

/** What a request can be sent to: one data-parallel rank of one engine deployment. */
export interface Worker {
  instanceId: string;
  dpRank: number;
}

/** One worker's share of a prompt, in blocks. The counts through the tiers are cumulative. */
export interface Hit {
  worker: Worker;
  /** Leading blocks held on the device without a gap. */
  deviceBlocks: number;
  throughHostBlocks: number;
  throughDiskBlocks: number;
  throughExternalBlocks: number;
  /** All blocks the worker holds on the device, of any prompt. */
  totalBlocks: number;
  /** Every event of the worker was applied. */
  exact: boolean;
}

/** How much of one prompt workers hold: those that hold at least the first block, unless all were asked for. */
export class Answer {
  constructor(
    readonly hits: readonly Hit[],
    /** Whole blocks of the prompt. */
    readonly askedBlocks: number,
    /** Tokens a block; 0: nothing is registered. */
    readonly blockSize: number,
  ) {}

  /**
   * The hit with most blocks on the device, then through host, disk and external memory; of equal ones, the worker
   * with fewer blocks in all. Undefined when nobody holds anything.
   */
  get best(): Hit | undefined {
    let best: Hit | undefined;
    for (const hit of this.hits) {
      if (hit.throughExternalBlocks > 0 && (best === undefined || compare(hit, best) > 0)) best = hit;
    }
    return best;
  }
}

function compare(a: Hit, b: Hit): number {
  return (
    a.deviceBlocks - b.deviceBlocks ||
    a.throughHostBlocks - b.throughHostBlocks ||
    a.throughDiskBlocks - b.throughDiskBlocks ||
    a.throughExternalBlocks - b.throughExternalBlocks ||
    b.totalBlocks - a.totalBlocks
  );
}

export function answerOf(result: QueryResult | undefined): Answer {
  const hits = (result?.hits ?? []).map((hit) => ({
    worker: { instanceId: hit.worker?.instanceId ?? "", dpRank: hit.worker?.dpRank ?? 0 },
    deviceBlocks: hit.deviceBlocks,
    throughHostBlocks: hit.throughHostBlocks,
    throughDiskBlocks: hit.throughDiskBlocks,
    throughExternalBlocks: hit.throughExternalBlocks,
    totalBlocks: Number(hit.totalBlocks),
    exact: hit.state === SourceState.EXACT,
  }));
  return new Answer(hits, Number(result?.askedBlocks ?? 0), result?.blockSizeTokens ?? 0);
}
