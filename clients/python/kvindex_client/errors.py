"""What a call can end with. Every error carries the gRPC status code and the server's sentence."""

from __future__ import annotations

import contextlib
from typing import Iterator

import grpc


class KvIndexError(Exception):
    """A call failed; `code` is a grpc.StatusCode, `message` the server's text, which names the field."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message


class InvalidRequest(KvIndexError):
    """A field is malformed or out of range."""


class NotFound(KvIndexError):
    """No such worker, partition or peer."""


class AlreadyRegistered(KvIndexError):
    """The instance and rank are registered already."""


class BlockSizeConflict(KvIndexError):
    """The block size contradicts the partition's."""


class TooLarge(KvIndexError):
    """The request is over a limit of the server."""


class Unavailable(KvIndexError):
    """The server is not there, overloaded or shutting down; trying again later may help."""


_CLASSES = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyRegistered,
    grpc.StatusCode.FAILED_PRECONDITION: BlockSizeConflict,
    grpc.StatusCode.RESOURCE_EXHAUSTED: TooLarge,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
}


def error_of(code: grpc.StatusCode, message: str) -> KvIndexError:
    return _CLASSES.get(code, KvIndexError)(code, message)


def error_of_number(number: int, message: str) -> KvIndexError:
    """The same for a status code that came as a number."""
    for code in grpc.StatusCode:
        if code.value[0] == number:
            return error_of(code, message)
    return KvIndexError(grpc.StatusCode.UNKNOWN, message)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Inside, grpc.RpcError becomes KvIndexError."""
    try:
        yield
    except grpc.RpcError as error:
        raise error_of(error.code(), error.details() or "") from error
