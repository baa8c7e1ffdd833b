"""Local block hashes, the rule written down once more: XXH3-64 with seed 1337 over little-endian 32-bit tokens."""

import struct

import xxhash


def local_hashes(tokens, block_size=16):
    return [
        xxhash.xxh3_64_intdigest(struct.pack(f"<{block_size}I", *tokens[at : at + block_size]), seed=1337)
        for at in range(0, len(tokens) - block_size + 1, block_size)
    ]
