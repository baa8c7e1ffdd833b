"""The documented example, to the letter, with plain curl."""

import json
import subprocess

from harness import wait_until

JSON = "Content-Type: application/json"


def curl(url, *arguments):
    """(status, body)"""
    result = subprocess.run(
        ["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *arguments, url],
        capture_output=True,
        text=True,
        check=True,
    )
    body, status = result.stdout.rsplit("\n", 1)
    return int(status), json.loads(body)


def test_register_query_dump_unregister(daemon, start_simulator):
    engines = start_simulator("--workers", 2, "--rank", "none")
    first, second = (worker["endpoint"] for worker in engines.workers)
    url = daemon.url
    one = json.dumps({"instance_id": 1, "endpoint": first, "dp_rank": 0})
    two = json.dumps({"instance_id": 2, "endpoint": second, "dp_rank": 1})
    assert curl(f"{url}/register", "-H", JSON, "-d", one) == (201, {"status": "ok"})
    assert curl(f"{url}/register", "-H", JSON, "-d", two) == (201, {"status": "ok"})
    status, workers = curl(f"{url}/workers")
    assert status == 200
    assert [(w["instance_id"], w["endpoints"]) for w in workers] == [(1, {"0": first}), (2, {"1": second})]

    engines.ask("subscribers", 20)
    engines.prompt(0, list(range(1, 81)))
    engines.prompt(1, list(range(1, 17)) + list(range(100, 132)))
    query = json.dumps({"token_ids": list(range(1, 33))})
    want = {"scores": {"1": {"0": 2}, "2": {"1": 1}}, "frequencies": [], "tree_sizes": {"1": {"0": 5}, "2": {"1": 3}}}
    wait_until(lambda: curl(f"{url}/query", "-H", JSON, "-d", query) == (200, want), "the documented answer")

    signed = json.dumps({"block_hashes": [-1583300653928780152, 2287610619914608821]})
    unsigned = json.dumps({"block_hashes": [16863443419780771464, 2287610619914608821]})
    assert curl(f"{url}/query_by_hash", "-H", JSON, "-d", signed) == (200, want)
    assert curl(f"{url}/query_by_hash", "-H", JSON, "-d", unsigned) == (200, want)

    status, dump = curl(f"{url}/dump")
    assert status == 200
    blocks = [block for event in dump for block in event["event"]["data"]["stored"]["blocks"]]
    assert len(blocks) == 8
    assert sum(block["tokens_hash"] == 16863443419780771464 for block in blocks) == 2
    assert {(event["worker_id"], event["event"]["dp_rank"]) for event in dump} == {(1, 0), (2, 1)}

    gone = json.dumps({"instance_id": 1, "dp_rank": 0})
    assert curl(f"{url}/unregister", "-H", JSON, "-d", gone) == (200, {"status": "ok"})
    assert curl(f"{url}/query", "-H", JSON, "-d", query)[1]["scores"] == {"2": {"1": 1}}
    assert curl(f"{url}/unregister", "-H", JSON, "-d", gone)[0] == 404


def test_before_any_registration(daemon):
    empty = {"scores": {}, "frequencies": [], "tree_sizes": {}}
    assert curl(f"{daemon.url}/query", "-H", JSON, "-d", '{"token_ids":[1,2,3]}') == (200, empty)
    assert curl(f"{daemon.url}/query_by_hash", "-H", JSON, "-d", '{"block_hashes":[1]}') == (200, empty)
    assert curl(f"{daemon.url}/dump") == (200, [])
    assert curl(f"{daemon.url}/workers") == (200, [])
    assert curl(f"{daemon.url}/health")[0] == 200
    assert curl(f"{daemon.url}/ready")[0] == 200
    assert curl(f"{daemon.url}/openapi.json")[1]["openapi"].startswith("3.")
