"""Block hashes as both services compute them, written down once more, and engine hashes for the publishers.

local: XXH3-64 over little-endian 32-bit tokens; the seed is 1337 plus the hashes of the LoRA name and of the cache salt.
"""

import hashlib
import struct

import xxhash

MASK = (1 << 64) - 1


def seed(lora_name=None, cache_salt=None):
    value = 1337
    if lora_name:
        value += xxhash.xxh3_64_intdigest(lora_name.encode(), seed=0)
    if cache_salt:
        value += xxhash.xxh3_64_intdigest(cache_salt.encode(), seed=1)
    return value & MASK


def blocks_of(tokens, block_size):
    return [tokens[at : at + block_size] for at in range(0, len(tokens) - block_size + 1, block_size)]


def local_hashes(tokens, block_size, lora_name=None, cache_salt=None):
    start = seed(lora_name, cache_salt)
    return [
        xxhash.xxh3_64_intdigest(struct.pack(f"<{block_size}I", *block), seed=start)
        for block in blocks_of(tokens, block_size)
    ]


def engine_hashes(tokens, block_size, lora_name=None, cache_salt=None):
    """What every engine of a fleet calls the blocks of a prompt: all tokens so far, the LoRA and the salt count."""
    digest = hashlib.sha256(repr((lora_name or "", cache_salt or "", block_size)).encode()).digest()
    hashes = []
    for block in blocks_of(tokens, block_size):
        digest = hashlib.sha256(digest + struct.pack(f"<{block_size}I", *block)).digest()
        hashes.append(int.from_bytes(digest[:8], "big"))
    return hashes


def signed(value):
    return value - (1 << 64) if value >> 63 else value
