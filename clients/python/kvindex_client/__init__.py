"""A client of kvindex, the KV-cache indexer: who holds how much of a prompt?"""

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
from .types import Answer, Hit, Worker

__all__ = [
    "AlreadyRegistered",
    "Answer",
    "BlockSizeConflict",
    "Client",
    "Hit",
    "InvalidRequest",
    "KvIndexError",
    "NotFound",
    "TooLarge",
    "Unavailable",
    "Worker",
]
