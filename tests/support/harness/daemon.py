"""A kvindexd on free ports."""

import re

from kvindex_client import Client

from .process import Process
from .rest import Rest


class Daemon(Process):
    def __init__(self, *arguments):
        super().__init__("kvindexd", "--port", 0, "--grpc-port", 0, "--log-level", "info", *arguments)
        ready = self.line()
        match = re.fullmatch(r"kvindexd ready rest=(\S+):(\d+) grpc=(\S+:\d+)\n", ready)
        assert match, ready
        self.rest = Rest(match[1], int(match[2]))
        self.url = f"http://{match[1]}:{match[2]}"
        self.grpc_address = match[3]
        self.grpc = Client(self.grpc_address, timeout=30)

    def stop(self, seconds=10):
        self.grpc.close()
        return super().stop(seconds)
