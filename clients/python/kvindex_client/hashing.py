"""The block hashes of Client.query_by_hash. Needs the package `xxhash`: pip install kvindex-client[hashing].

A router that hashes once may send 8 bytes a block instead of the tokens, to as many indexers as it likes.
"""

import struct
from typing import Iterable, List, Sequence

import xxhash

_SEED = 1337
_MASK = 0xFFFFFFFFFFFFFFFF


def local_hashes(
    token_ids: Sequence[int], block_size: int, *, lora_name: str = "", cache_salt: str = "", bigrams: bool = False
) -> List[int]:
    """The position-free hashes of a prompt's whole blocks. `bigrams`: each covers the token behind its block too, as
    for engines that publish token pairs (EAGLE)."""
    if block_size <= 0:
        raise ValueError("block_size must be positive")
    seed = _SEED
    if lora_name:
        seed += xxhash.xxh3_64_intdigest(lora_name.encode())
    if cache_salt:
        seed += xxhash.xxh3_64_intdigest(cache_salt.encode(), seed=1)
    seed &= _MASK
    data = memoryview(struct.pack(f"<{len(token_ids)}I", *token_ids))
    step, width = 4 * block_size, 4 * (block_size + bigrams)
    starts = range(0, len(data) - width + 1, step)
    return [xxhash.xxh3_64_intdigest(data[start : start + width], seed=seed) for start in starts]


def sequence_hashes(local: Iterable[int]) -> List[int]:
    """The hashes that name whole prefixes, from the local ones."""
    hashes: List[int] = []
    for value in local:
        value &= _MASK
        hashes.append(
            xxhash.xxh3_64_intdigest(struct.pack("<QQ", hashes[-1], value), seed=_SEED) if hashes else value
        )
    return hashes
