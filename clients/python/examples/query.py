"""Which workers hold how much of this prompt? Usage: query.py [HOST:PORT]"""

import sys

from kvindex_client import Client
from kvindex_client.hashing import local_hashes

prompt = list(range(1, 65))

with Client(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8091", timeout=1) as client:
    answer = client.query(prompt)
    for hit in answer.hits:
        worker, rank = hit.worker
        print(f"worker {worker} rank {rank}: {hit.device_blocks} of {answer.asked_blocks} blocks")
    # The same question with 8 bytes a block, for routers that know the block size.
    if answer.block_size_tokens:
        best = client.query_by_hash(local_hashes(prompt, answer.block_size_tokens)).best
        print("best:", best.worker.instance_id if best else "none")
