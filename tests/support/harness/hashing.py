"""The hash rules written down once more, from their public description: XXH3-64 over little-endian numbers."""

import struct

import xxhash

SEED, MASK = 1337, (1 << 64) - 1


def _xxh3(data, seed):
    return xxhash.xxh3_64_intdigest(data, seed=seed)


def local_hashes(tokens, block_size=16, lora="", salt="", bigrams=False):
    """One hash a whole block; a bigram block ends with the token behind it."""
    seed = SEED + (_xxh3(lora.encode(), 0) if lora else 0) + (_xxh3(salt.encode(), 1) if salt else 0)
    width = block_size + bigrams
    return [
        _xxh3(struct.pack(f"<{width}I", *tokens[at : at + width]), seed & MASK)
        for at in range(0, len(tokens) - width + 1, block_size)
    ]


def sequence_hashes(local):
    hashes = []
    for value in local:
        hashes.append(_xxh3(struct.pack("<QQ", hashes[-1], value), SEED) if hashes else value)
    return hashes
