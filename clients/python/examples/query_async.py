"""Which workers hold how much of these prompts? Asked at once. Usage: query_async.py [HOST:PORT]"""

import asyncio
import sys

from kvindex_client import AsyncClient

prompts = [list(range(1, 65)), list(range(1, 33))]


async def main(target):
    async with AsyncClient(target, timeout=1) as client:
        for answer in await asyncio.gather(*(client.query(prompt) for prompt in prompts)):
            for hit in answer.hits:
                worker, rank = hit.worker
                print(f"worker {worker} rank {rank}: {hit.device_blocks} of {answer.asked_blocks} blocks")


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8091"))
