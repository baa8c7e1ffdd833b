"""Which worker should get this prompt? Usage: example.py [HOST:PORT]"""

import sys

from kvindex_client import Client

with Client(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8091") as client:
    for status in client.workers():
        print(status.worker.instance_id, status.worker.dp_rank, status.endpoint, status.held_blocks.device_blocks)
    best = client.query(list(range(1, 65))).best
    print(best.worker if best else "no worker holds its beginning")
