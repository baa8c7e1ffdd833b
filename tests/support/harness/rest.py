"""Plain HTTP, so that tests see exactly what is sent and what comes back."""

import contextlib
import http.client
import json
from typing import Any, NamedTuple


class Answer(NamedTuple):
    status: int
    headers: dict  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return self.json["error"]


class Rest:
    """One request after the other, each on a connection of its own."""

    def __init__(self, host, port, timeout=30):
        self.host, self.port, self.timeout = host, port, timeout

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            # A server may refuse a long body before it is sent; its answer is there to be read all the same.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, value):
        """`value` is bytes to send as they are, or anything JSON can express."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.request("POST", path, body, {"Content-Type": "application/json"})

    def query(self, token_ids):
        return self.expect_ok(self.post("/query", {"token_ids": token_ids}))

    def query_by_hash(self, block_hashes):
        return self.expect_ok(self.post("/query_by_hash", {"block_hashes": block_hashes}))

    @staticmethod
    def expect_ok(answer):
        assert answer.status in (200, 201), (answer.status, answer.body[:500])
        return answer.json
