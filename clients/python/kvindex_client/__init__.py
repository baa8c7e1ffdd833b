"""A client of kvindex, the KV-cache indexer: who holds how much of a prompt?"""

from .aio import AsyncClient
from .client import Client
from .errors import (
    AlreadyRegistered,
    BlockSizeConflict,
    InvalidRequest,
    KvIndexError,
    NotFound,
    TooLarge,
    Unavailable,
)
from .requests import by_hash, by_tokens
from .types import Answer, Hit, Worker

__all__ = [
    "AlreadyRegistered",
    "Answer",
    "AsyncClient",
    "BlockSizeConflict",
    "Client",
    "Hit",
    "InvalidRequest",
    "KvIndexError",
    "NotFound",
    "TooLarge",
    "Unavailable",
    "Worker",
    "by_hash",
    "by_tokens",
]
