# SPDX-License-Identifier: Apache-2.0
"""What the server says when there is no room: a full queue (503, with a Retry-After that was measured), a full disk (507)."""
import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest
from harness import SLOW, wait_until

DISK_BYTES = 96 << 20


def test_retry_after_of_a_full_queue_is_measured(new_server):
    """One slot, about ten submissions a second, one may wait: who is refused is told to come back in a second or so, not in the default of 5."""
    server = new_server(slots=1, queue_max_depth=1)
    body = {"language": "bash", "code": "sleep 0.05", "test_cases": [{}]}
    taken, told = 0, []

    def measured():
        nonlocal taken
        answer = server.post("/execute-batch", body)
        if answer.status_code == 202:
            taken += 1
            return False
        assert answer.status_code == 503, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "full" in answer.json()["detail"]
        told.append(int(answer.headers["Retry-After"]))
        assert 1 <= told[-1] <= 60
        return told[-1] <= 2

    wait_until(measured, 30, lambda: f"a measured Retry-After; told: {told[-5:]}")
    assert taken >= 2


@pytest.fixture
def small_disk():
    """A folder that is a file system of DISK_BYTES."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = Path(tempfile.mkdtemp(prefix="evalx-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "disk", str(folder)], capture_output=True, text=True)
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def room(folder):
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def fill(folder):
    """Leaves not a byte; returns the file that has the last of it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
    assert room(folder) == 0
    return filler


def test_a_full_disk_refuses_and_damages_nothing(small_disk, new_server):
    server = new_server(state_dir=small_disk / "state", slots=1)
    running = server.submit({"language": "bash", "code": f"read x; sleep {8 * SLOW}; echo $x", "limits": {"wall_time_ms": 60000},
                             "test_cases": [{"stdin": "7\n", "expected_output": "7\n"}]})
    wait_until(lambda: server.get(f"/submissions/{running}").json()["status"] == "running", what="it to run")

    # Others have most of the disk already, so that the following is soon done.
    # Requests of 8 MiB, each another program, until there is no room for one more beside the reserve for results.
    most = small_disk / "most"
    most.write_bytes(bytes(room(small_disk) - (48 << 20)))
    waiting, refused = [], None
    while refused is None:
        assert len(waiting) < DISK_BYTES >> 23
        number = len(waiting)
        body = {"language": "bash", "code": f"read x; echo $x # {number}",
                "test_cases": [{"stdin": f"{number}\n" + "x" * (8 << 20), "expected_output": f"{number}\n"}]}
        answer = server.post("/execute-batch", body)
        if answer.status_code == 202:
            waiting.append(answer.json()["token"])
        else:
            refused = answer
    assert refused.status_code == 507, refused.text
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["status"] == 507 and "room" in refused.json()["detail"]
    assert len(waiting) >= 2
    assert room(small_disk) > 1 << 20, "a reserve is kept for results"

    # Then they take the rest as well: nothing can be written any more, and still nothing that was taken is lost.
    filler = fill(small_disk)
    assert server.post("/execute-batch", {"language": "bash", "code": "echo 1"}).status_code == 507
    assert server.get("/healthz").status_code == 200
    ready = server.get("/readyz")  # results can be read, and the others get a 507: a balancer must go on sending people here
    assert ready.status_code == 200 and ready.json()["status"] == "full", ready.text
    # What runs ends, and its result is stored or kept; what waits finds no room, and goes on waiting.
    wait_until(lambda: any(line["event"] in ("compile.no_room", "store.away") for line in server.log_lines()), 60,
               "something to find no room")
    assert not [line for line in server.log_lines() if line.get("status") == "failed"]
    assert server.get(f"/submissions/{running}").status_code == 200
    assert server.get(f"/submissions/{running}").json()["status"] in ("running", "completed")
    filler.unlink()
    most.unlink()
    document = server.result(running)
    assert (document["status"], document["verdict"]) == ("completed", "accepted"), document
    for number, token in enumerate(waiting):
        document = server.result(token)
        assert (document["verdict"], document["results"][0]["stdout"]) == ("accepted", f"{number}\n"), document
    wait_until(lambda: server.delete(f"/submissions/{waiting[0]}").status_code in (204, 404), what="something to be forgotten")
    for token in waiting[1:]:
        server.delete(f"/submissions/{token}")
    wait_until(lambda: server.get("/readyz").status_code == 200, what="/readyz, now that there is room")
    assert server.run("bash", "echo 1", [{"expected_output": "1"}])["verdict"] == "accepted"
    assert server.terminate() == 0

    copy = small_disk.parent / f"{small_disk.name}.db"
    try:
        shutil.copy(small_disk / "state" / "evalx.db", copy)
        with sqlite3.connect(copy) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        copy.unlink(missing_ok=True)
