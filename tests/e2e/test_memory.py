# SPDX-License-Identifier: Apache-2.0
"""What the server itself needs: little when idle, and no multiple of what clients send."""
import json
import threading
from pathlib import Path

import pytest
import requests
from harness import SANITIZED, wait_until

pytestmark = pytest.mark.skipif(SANITIZED, reason="a sanitizer build needs several times the memory: only the release build is measured")
IDLE_LIMIT_KB = 30 * 1024
GROWTH_LIMIT_KB = 30 * 1024


def status_kb(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    return 0  # a process that is just ending has no memory


def pss_kb(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def idle_kb(server):
    rss = {pid: (Path(f"/proc/{pid}/comm").read_text().strip(), status_kb(pid, "VmRSS"), pss_kb(pid)) for pid in server.pids()}
    return sum(value[1] for value in rss.values()), sum(value[2] for value in rss.values()), rss


def test_idle_memory_of_all_processes(new_server):
    """Right after the start, on the default configuration."""
    server = new_server()
    rss, pss, every = idle_kb(server)
    print(f"idle: RSS {rss} KiB, PSS {pss} KiB: {every}")
    assert 1000 < rss <= IDLE_LIMIT_KB, every


def test_idle_memory_after_work(new_server):
    """Work does not make it grow for good: after a thousand test cases it is nearly as small as before."""
    server = new_server()
    for number in range(5):
        assert server.run("bash", f"# {number}\nread x; echo $x", [{"stdin": "1\n", "expected_output": "1\n"}] * 200)["verdict"] == "accepted"
    rss, pss, every = idle_kb(server)
    print(f"after 1,000 test cases: RSS {rss} KiB, PSS {pss} KiB: {every}")
    assert rss <= IDLE_LIMIT_KB + 16 * 1024, every


def test_memory_of_large_submissions_is_given_back(new_server):
    """120 MB of stdin come and go; what they took goes back to the system. Without that it stays near 270 MB."""
    server = new_server()
    pid = server.process.pid
    before = status_kb(pid, "VmRSS")
    for number in range(8):
        assert server.run("bash", f"# {number}\nwc -c", [{"stdin": "x" * 1000000, "expected_output": "1000000"}] * 15)["verdict"] == "accepted"
    wait_until(lambda: status_kb(pid, "VmRSS") < before + GROWTH_LIMIT_KB, 30, "memory to be given back")
    print(f"RSS before {before} KiB, after {status_kb(pid, 'VmRSS')} KiB")


def peak_growth(server, action):
    """By how much action raises the peak of the serving process, in KiB."""
    pid = server.process.pid
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak starts anew from what is used now
    before = status_kb(pid, "VmRSS")
    action()
    return status_kb(pid, "VmHWM") - before


BODIES = {
    "empty objects": lambda size: "[" + ",".join(["{}"] * (size // 3)) + "]",
    "empty arrays": lambda size: "[" + ",".join(["[]"] * (size // 3)) + "]",
    "numbers": lambda size: "[" + ",".join(["1"] * (size // 2)) + "]",
    "objects in metadata": lambda size: '{"language": "c", "code": "x", "test_cases": [{}], "metadata": {"a": [' + ",".join(["{}"] * (size // 3)) + "]}}",
    "many keys": lambda size: "{" + ",".join(f'"{i:x}":1' for i in range(size // 9)) + "}",
    "nested in each other": lambda size: "[" * (size // 2) + "]" * (size // 2),
    "test cases": lambda size: '{"language": "c", "code": "x", "test_cases": [' + ",".join(["{}"] * (size // 3)) + "]}",
    "escapes": lambda size: '{"language": "c", "code": "' + "\\u00e9" * (size // 6) + '"}',
}


@pytest.mark.parametrize("shape", BODIES)
def test_two_megabytes_of_json_do_not_cost_155(new_server, shape):
    """A 2 MB body of [{},{},…] would be 155 MB of JSON values; it must cost not much more than itself."""
    server = new_server()
    body = BODIES[shape](2 * 1024 * 1024).encode()
    assert len(body) > 1900000
    json.loads(body) if shape != "nested in each other" else None

    def send():
        answer = server.post("/execute-batch", data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 413, 422, 202 if shape == "escapes" else 400), answer.status_code
    growth = peak_growth(server, send)
    print(f"{shape}: {growth} KiB")
    assert growth < GROWTH_LIMIT_KB


def test_many_such_bodies_at_once(new_server):
    server = new_server()
    body = BODIES["empty objects"](2 * 1024 * 1024).encode()

    def send_all():
        def send():
            assert requests.post(server.url("/execute-batch"), data=body, headers={"Content-Type": "application/json"}, timeout=60).status_code in (400, 413, 422, 503)
        threads = [threading.Thread(target=send) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    growth = peak_growth(server, send_all)
    print(f"16 at once: {growth} KiB")
    assert growth < 16 * 2048 + 4 * GROWTH_LIMIT_KB


def test_memory_does_not_leak_over_requests(new_server):
    """Ten thousand requests of many kinds leave no trace."""
    server = new_server(queue_paused="true")

    def rounds(count):
        for number in range(count):
            server.get("/languages")
            server.get("/nothing")
            server.post("/execute-batch", {"language": "c", "bogus": number})
            token = server.submit({"language": "c", "code": "x" * 1000, "test_cases": [{}]})
            server.get(f"/submissions/{token}")
            server.delete(f"/submissions/{token}")
            server.delete(f"/submissions/{token}")
    rounds(200)
    before = status_kb(server.process.pid, "VmRSS")
    rounds(1000)
    after = status_kb(server.process.pid, "VmRSS")
    assert after - before < 4096, (before, after)


def test_waiting_clients_cost_little(new_server):
    server = new_server(queue_paused="true")
    token = server.submit({"language": "c", "code": "x", "test_cases": [{}]})
    before = status_kb(server.process.pid, "VmRSS")
    connections = [server.connect() for _ in range(2000)]
    try:
        for connection in connections:
            connection.sendall(f"GET /submissions/{token}?wait=60 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert server.get("/healthz").status_code == 200
        each = (status_kb(server.process.pid, "VmRSS") - before) / len(connections)
        print(f"{each:.1f} KiB for each waiting client")
        assert each < 32
    finally:
        for connection in connections:
            connection.close()
