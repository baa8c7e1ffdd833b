import { createXXHash3, type IHasher } from "hash-wasm";

/** What is hashed together with the tokens. */
export interface HashingOptions {
  loraName?: string;
  cacheSalt?: string;
  /** Each hash covers the token behind its block too, as for engines that publish token pairs (EAGLE). */
  bigrams?: boolean;
}

const seed = 1337n;
let plain: Promise<IHasher> | undefined; // the hasher of prompts without adapter and salt

/**
 * The position-free hashes of a prompt's whole blocks of `blockSize` tokens, for Client.queryByHash: 8 bytes a block
 * instead of the tokens.
 */
export async function localHashes(
  tokenIds: Iterable<number>,
  blockSize: number,
  options: HashingOptions = {},
): Promise<bigint[]> {
  if (!Number.isSafeInteger(blockSize) || blockSize <= 0) throw new RangeError("blockSize must be a positive integer");
  const tokens = Uint32Array.from(tokenIds);
  const bytes = new DataView(new ArrayBuffer(4 * tokens.length));
  tokens.forEach((token, i) => bytes.setUint32(4 * i, token, true));

  const hasher = await hasherFor(options);
  const width = blockSize + (options.bigrams ? 1 : 0);
  const hashes: bigint[] = [];
  for (let start = 0; start + width <= tokens.length; start += blockSize) {
    hashes.push(digest(hasher, new Uint8Array(bytes.buffer, 4 * start, 4 * width)));
  }
  return hashes;
}

/** The hashes that name whole prefixes, for Client.queryBySequenceHash, from the local ones. */
export async function sequenceHashes(local: Iterable<bigint>): Promise<bigint[]> {
  const hasher = await hasherFor({});
  const bytes = new DataView(new ArrayBuffer(16));
  const hashes: bigint[] = [];
  for (const hash of local) {
    const before = hashes.at(-1);
    if (before === undefined) {
      hashes.push(BigInt.asUintN(64, hash));
      continue;
    }
    bytes.setBigUint64(0, before, true);
    bytes.setBigUint64(8, BigInt.asUintN(64, hash), true);
    hashes.push(digest(hasher, new Uint8Array(bytes.buffer)));
  }
  return hashes;
}

async function hasherFor({ loraName, cacheSalt }: HashingOptions): Promise<IHasher> {
  if (!loraName && !cacheSalt) return (plain ??= seeded(seed));
  const text = new TextEncoder();
  let sum = seed;
  if (loraName) sum += digest(await seeded(0n), text.encode(loraName));
  if (cacheSalt) sum += digest(await seeded(1n), text.encode(cacheSalt));
  return seeded(BigInt.asUintN(64, sum));
}

function seeded(value: bigint): Promise<IHasher> {
  return createXXHash3(Number(value & 0xffffffffn), Number(value >> 32n));
}

/** Begins anew and ends without a pause, so calls may share a hasher. */
function digest(hasher: IHasher, bytes: Uint8Array): bigint {
  return BigInt(`0x${hasher.init().update(bytes).digest("hex")}`);
}
