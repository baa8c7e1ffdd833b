"""Answers as plain Python objects."""

from dataclasses import dataclass
from typing import List, NamedTuple, Optional, Union

from kvindex.v1 import kvindex_pb2 as pb

from .errors import KvIndexError, error_of_number


class Worker(NamedTuple):
    """What a request can be sent to: one data-parallel rank of one engine deployment."""

    instance_id: str
    dp_rank: int = 0


@dataclass(frozen=True)
class Hit:
    """One worker's share of a prompt, in blocks. The counts through the tiers are cumulative."""

    worker: Worker
    device_blocks: int  # leading blocks held on the device without a gap
    through_host_blocks: int
    through_disk_blocks: int
    through_external_blocks: int
    total_blocks: int  # all blocks the worker holds on the device, of any prompt
    exact: bool  # every event of the worker was applied


@dataclass(frozen=True)
class Answer:
    """How much of one prompt each worker holds; only workers that hold at least its first block, unless all were
    asked for."""

    hits: List[Hit]
    asked_blocks: int
    block_size_tokens: int

    @property
    def best(self) -> Optional[Hit]:
        """The hit with most blocks on the device, then through host, disk and external memory; of equal ones, the
        worker with fewer blocks in all. None when nobody holds anything."""
        holding = (hit for hit in self.hits if hit.through_external_blocks > 0)
        return max(
            holding,
            key=lambda hit: (
                hit.device_blocks,
                hit.through_host_blocks,
                hit.through_disk_blocks,
                hit.through_external_blocks,
                -hit.total_blocks,
            ),
            default=None,
        )


def answer_of(result: pb.QueryResult) -> Answer:
    hits = [
        Hit(
            Worker(hit.worker.instance_id, hit.worker.dp_rank),
            hit.device_blocks,
            hit.through_host_blocks,
            hit.through_disk_blocks,
            hit.through_external_blocks,
            hit.total_blocks,
            hit.state == pb.SOURCE_STATE_EXACT,
        )
        for hit in result.hits
    ]
    return Answer(hits, result.asked_blocks, result.block_size_tokens)


def outcome_of(response: pb.QueryStreamResponse) -> Union[Answer, KvIndexError]:
    if response.WhichOneof("outcome") == "result":
        return answer_of(response.result)
    return error_of_number(response.error.code, response.error.message)
