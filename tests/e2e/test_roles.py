# SPDX-License-Identifier: Apache-2.0
"""The roles of evalx: serve, and its two halves api and worker; how each starts, is refused, and ends."""
import json
import signal

import pytest
import requests
from harness import SLOW, run_cli, wait_until


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize("url", [None, "sqlite:/tmp/never-made.db"])
def test_halves_need_a_store_that_is_shared(role, url):
    ended = run_cli(role, *(["--store-url", url] if url else []), "--listen", "127.0.0.1:0")
    assert ended.returncode == 3
    line = json.loads(ended.stderr)
    assert line["event"] == f"{role}.failed"
    assert "store.url" in line["message"] and "redis://" in line["message"]


def test_leaving_is_announced_before_it_happens(new_server):
    """With shutdown_delay a load balancer sees /readyz fail while requests are still served."""
    server = new_server(shutdown_delay="20s", queue_paused="true")
    assert "connection" not in server.get("/healthz").headers
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.get("/readyz").status_code == 503, what="/readyz to fail")
    assert server.get("/healthz").status_code == 200
    answers, closed = server.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert closed and answers[0].headers["connection"] == "close", "who keeps a connection open is to come back through the balancer"
    token = server.submit({"language": "python", "code": "print(1)"})
    assert server.get(f"/submissions/{token}").json()["status"] == "queued"
    server.process.send_signal(signal.SIGTERM)  # cuts the delay short
    assert server.process.wait(timeout=15) == 0
    with pytest.raises(requests.ConnectionError):
        server.get("/healthz")


def test_a_submission_ends_however_many_test_cases_it_has(new_server):
    """Past submission.max_time no test case begins; those that ran by then count as they came out."""
    server = new_server(slots=1, submission_max_time="1s")
    document = server.run("bash", "sleep 0.4; echo 1", [{"expected_output": "1"}] * 50)
    verdicts = [result["verdict"] for result in document["results"]]
    begun = verdicts.count("accepted")
    assert document["status"] == "completed" and document["verdict"] == "time_limit_exceeded", document
    assert 1 <= begun <= 3 and verdicts == ["accepted"] * begun + ["time_limit_exceeded"] * (50 - begun), verdicts
    left = document["results"][begun]
    assert "submission.max_time" in left["message"] and "1 s" in left["message"], left
    assert left["exit_code"] is None and left["cpu_time_ms"] == 0 and left["stdout"] == "", left
    assert document["timings"]["run_ms"] < 1000 + 5000 * SLOW
    assert server.run("bash", "echo 1", [{"expected_output": "1"}] * 3)["verdict"] == "accepted"
