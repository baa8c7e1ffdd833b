"""How both clients talk to the server: message sizes, reconnection, and which calls are tried again."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple

_MESSAGE_BYTES = 8 << 20  # what the server accepts, and more than its messages are
_READS = ("ListWorkers", "ListPartitions", "Query", "QueryByHash", "Dump", "GetHealth", "ListPeers")


def channel_options(attempts: int) -> List[Tuple[str, Any]]:
    """Reads that meet UNAVAILABLE are tried `attempts` times in all, with growing, random pauses; writes never are."""
    options: List[Tuple[str, Any]] = [
        ("grpc.max_send_message_length", _MESSAGE_BYTES),
        ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ("grpc.initial_reconnect_backoff_ms", 100),  # else the first retry meets no new connection
        ("grpc.per_rpc_retry_buffer_size", _MESSAGE_BYTES),  # a longer request is not tried again
        ("grpc.enable_retries", int(attempts > 1)),
    ]
    if attempts > 1:
        options.append(("grpc.service_config", json.dumps(_service_config(attempts))))
    return options


def _service_config(attempts: int) -> Dict[str, Any]:
    return {
        "methodConfig": [
            {
                "name": [{"service": "kvindex.v1.KvIndexer", "method": method} for method in _READS],
                "retryPolicy": {
                    "maxAttempts": attempts,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
