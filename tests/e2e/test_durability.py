# SPDX-License-Identifier: Apache-2.0
"""Nothing that was acknowledged is lost: kill -9 of every process of the server at any moment, then a start on the same state folder;
and the graceful stop, which finishes or hands back what runs."""
import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest
import requests
from harness import SLOW, Server, wait_until

SLEEP = {"language": "python", "code": "import time; time.sleep(60)", "test_cases": [{}], "limits": {"wall_time_ms": 60000}}


class Submitters:
    """Threads that submit numbered programs until stopped; acknowledged: token → the number it must print."""

    def __init__(self, server, threads=8, body=None):
        self.server, self.body = server, body or self.echo
        self.acknowledged, self.lock, self.stop, self.number = {}, threading.Lock(), threading.Event(), 0
        self.threads = [threading.Thread(target=self.work) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def echo(number):
        return {"language": "bash", "code": "read x; echo $x", "test_cases": [{"stdin": f"{number}\n", "expected_output": f"{number}\n"}] * 2}

    def work(self):
        session = requests.Session()
        session.trust_env = False
        while not self.stop.is_set():
            with self.lock:
                self.number += 1
                number = self.number
            try:
                answer = session.post(self.server.url("/execute-batch"), json=self.body(number), timeout=10)
            except requests.RequestException:
                continue  # no answer, no promise
            if answer.status_code == 202:
                with self.lock:
                    self.acknowledged[answer.json()["token"]] = number

    def finish(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        return self.acknowledged


def check_all(server, acknowledged, seconds=240):
    """Every acknowledged submission ends completed with its own right results."""
    deadline = time.monotonic() + seconds * SLOW
    for token, number in acknowledged.items():
        document = server.result(token, max(1, deadline - time.monotonic()))
        assert document["status"] == "completed", document
        assert document["verdict"] == "accepted", document
        assert [result["stdout"] for result in document["results"]] == [f"{number}\n"] * 2


@pytest.fixture
def folder(tmp_path_factory):
    """A server without a state folder of its own gives it up when it is closed; these tests start several on one."""
    keeper = Server()
    yield keeper.state_dir
    keeper.close()


@pytest.fixture
def servers(request, folder):
    """Starts servers on the folder a test gives and closes those that still run."""
    request.node.servers = []

    def start(state_dir, **settings):
        server = Server(state_dir=state_dir, **settings)
        request.node.servers.append(server)
        return server.start()

    yield start
    for server in request.node.servers:
        server.close()


@pytest.mark.timeout(400)
def test_kill_in_the_middle_of_500_submissions(folder, servers):
    server = servers(folder, slots=2)
    submitters = Submitters(server)
    try:
        wait_until(lambda: len(submitters.acknowledged) >= 500, 60, "500 acknowledged submissions")
        finished = [token for token in list(submitters.acknowledged)[:20] if server.get(f"/submissions/{token}").json()["status"] == "completed"]
        before = {token: server.get(f"/submissions/{token}").json() for token in finished}
        server.kill()
    finally:
        acknowledged = submitters.finish()
    server = servers(folder, slots=2)
    for token, document in before.items():
        assert server.get(f"/submissions/{token}").json() == document, "a finished result changed"
    assert len(acknowledged) >= 500
    check_all(server, acknowledged)


@pytest.mark.timeout(400)
def test_whoever_restarts_it_harms_nobody(folder, servers):
    """Six kills, the first ones while the very same submissions run: none of them is blamed for it, and none is begun more than three times."""
    body = {"language": "bash", "code": "sleep 0.7; echo done", "test_cases": [{"expected_output": "done\n"}]}
    server = servers(folder, slots=2)
    tokens = [server.submit(body) for _ in range(4)]
    for _ in range(6):
        with contextlib.suppress(AssertionError):  # in the end all of them wait for their last attempt
            wait_until(lambda: any(server.get(f"/submissions/{token}").json()["status"] == "running" for token in tokens), 1, "something to run")
        server.kill()
        server = servers(folder, slots=2)
    for token in tokens:
        document = server.result(token, 60)
        assert document["status"] == "completed" and document["verdict"] == "accepted", document


@pytest.mark.timeout(400)
def test_kill_again_and_again(folder, servers):
    """Five servers in a row, each killed at some moment of its work; what the first acknowledged the last one has."""
    acknowledged = {}
    for round_number in range(5):
        server = servers(folder, store_lease="1s")
        submitters = Submitters(server, threads=4)
        try:
            wait_until(lambda: len(submitters.acknowledged) >= 15 * (round_number + 1), 60, "acknowledged submissions")
            server.kill()
        finally:
            acknowledged.update(submitters.finish())
    server = servers(folder, store_lease="1s")
    check_all(server, acknowledged)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["a run under way", "a compilation under way"])
def test_kill_while_something_runs(folder, servers, victim):
    """It is run again, and completes; its first attempt's processes are gone."""
    server = servers(folder, store_lease="1s")
    if victim == "a run under way":
        body = {"language": "python", "code": "import time; time.sleep(2); print(input())", "test_cases": [{"stdin": "7\n", "expected_output": "7"}] * 2}
    else:
        body = {"language": "cpp", "code": f"#include <bits/stdc++.h>\n// {time.time_ns()}\nint main() {{ std::regex r(\"a*\"); std::cout << 7; }}",
                "test_cases": [{"expected_output": "7"}] * 2}
    token = server.submit(body)
    wait_until(lambda: server.get(f"/submissions/{token}").json()["status"] == "running", 30, "it to run")
    server.kill()
    server = servers(folder, store_lease="1s")
    document = server.result(token)
    assert document["status"] == "completed" and document["verdict"] == "accepted", document
    assert [result["stdout"].strip() for result in document["results"]] == ["7", "7"]


def test_idempotency_survives_a_kill(folder, servers):
    body = {"language": "bash", "code": "echo 1", "test_cases": [{}]}
    server = servers(folder)
    first = server.post("/execute-batch", body, headers={"Idempotency-Key": "a key"})
    assert first.status_code == 202
    server.kill()
    server = servers(folder)
    second = server.post("/execute-batch", body, headers={"Idempotency-Key": "a key"})
    assert second.json()["token"] == first.json()["token"]
    assert server.result(first.json()["token"])["verdict"] == "accepted"


def test_acknowledged_but_never_started_survives(folder, servers):
    """A paused queue: nothing runs before the kill, everything after it."""
    server = servers(folder, queue_paused="true")
    acknowledged = {server.submit(Submitters.echo(number)): number for number in range(50)}
    assert all(server.get(f"/submissions/{token}").json()["status"] == "queued" for token in acknowledged)
    server.kill()
    check_all(servers(folder), acknowledged)


def test_a_poisonous_submission_ends_failed_and_does_not_loop(folder, servers):
    """What takes the server down three times is given up with a message; the others go on."""
    token = other = None
    for _ in range(3):
        server = servers(folder, slots=1, store_lease="300ms")
        token = token or server.submit(SLEEP)
        wait_until(lambda: server.get(f"/submissions/{token}").json()["status"] == "running", 30, "it to run")
        other = other or server.submit(Submitters.echo(5))
        server.kill()
    server = servers(folder, slots=1, store_lease="300ms")
    document = server.result(token, 30)
    assert document["status"] == "failed" and document["message"], document
    check_all(server, {other: 5})


# ---- graceful stop ----

def test_sigterm_while_idle_is_quick(folder, servers):
    server = servers(folder)
    assert server.run("bash", "echo 1")["status"] == "completed"
    started = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - started < 2 * SLOW


def test_sigterm_finishes_what_can_be_finished(folder, servers):
    server = servers(folder, shutdown_grace="20s")
    token = server.submit({"language": "python", "code": "import time; time.sleep(1.5); print(5)", "test_cases": [{"expected_output": "5"}]})
    wait_until(lambda: server.get(f"/submissions/{token}").json()["status"] == "running", 30, "it to run")
    started = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - started < 10 * SLOW, "it waited for the whole grace although the work was done"
    server = servers(folder, queue_paused="true")  # it must not be run again
    document = server.get(f"/submissions/{token}").json()
    assert document["status"] == "completed" and document["verdict"] == "accepted"


def test_sigterm_hands_back_what_takes_too_long(folder, servers):
    server = servers(folder, shutdown_grace="500ms", slots=1)
    long = server.submit({"language": "python", "code": "import time; time.sleep(4); print(1)", "test_cases": [{"expected_output": "1"}]})
    wait_until(lambda: server.get(f"/submissions/{long}").json()["status"] == "running", 30, "it to run")
    waiting = [server.submit(Submitters.echo(number)) for number in range(3)]
    started = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - started < 5 * SLOW
    server = servers(folder, queue_paused="true")
    assert [server.get(f"/submissions/{token}").json()["status"] for token in [long, *waiting]] == ["queued"] * 4
    assert server.terminate() == 0
    server = servers(folder)
    assert server.result(long)["verdict"] == "accepted"
    check_all(server, {token: number for number, token in enumerate(waiting)})


@pytest.mark.timeout(240)
def test_sigterm_under_load_loses_nothing(folder, servers):
    server = servers(folder, shutdown_grace="2s")
    submitters = Submitters(server)
    try:
        wait_until(lambda: len(submitters.acknowledged) >= 200, 60, "200 acknowledged submissions")
        assert server.terminate() == 0
    finally:
        acknowledged = submitters.finish()
    check_all(servers(folder), acknowledged)


def test_readyz_says_no_while_draining_and_new_work_is_refused(folder, servers):
    server = servers(folder, shutdown_grace="30s")
    token = server.submit({"language": "python", "code": "import time; time.sleep(3); print(1)", "test_cases": [{}]})
    wait_until(lambda: server.get(f"/submissions/{token}").json()["status"] == "running", 30, "it to run")
    with server.connect() as kept:
        kept.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert kept.recv(65536).startswith(b"HTTP/1.1 200")
        server.process.terminate()

        def refused():
            with contextlib.suppress(requests.RequestException):
                return server.get("/readyz", timeout=5).status_code == 503
            return True  # no longer listening at all says the same
        wait_until(refused, 10, "/readyz to say no")
    assert server.process.wait(timeout=40 * SLOW) == 0


def test_two_servers_do_not_share_a_state_folder(folder, servers):
    """The second one says so and ends; the first is not disturbed."""
    first = servers(folder)
    second = Server(state_dir=folder)
    second.start(wait=False)
    try:
        code = second.process.wait(timeout=30 * SLOW)
        assert code not in (0, None) and str(folder) in second.log_text()
    finally:
        second.close()
    assert first.run("bash", "echo 1", [{"expected_output": "1"}])["verdict"] == "accepted"


def test_two_servers_side_by_side(new_server):
    """Two servers with folders of their own do not get in each other's way."""
    first, second = new_server(), new_server()
    tokens = [(server, server.submit(Submitters.echo(number))) for number in range(20) for server in (first, second)]
    for server, token in tokens:
        assert server.result(token)["verdict"] == "accepted"
    assert first.terminate() == 0
    assert second.run("bash", "echo 1", [{"expected_output": "1"}])["verdict"] == "accepted"


def test_nothing_is_left_behind_on_the_machine(folder, servers):
    """After a graceful stop neither mounts nor control groups of the server are there; after a kill the next start clears them."""
    def traces():
        with open("/proc/self/mountinfo") as mounts:
            found = [line for line in mounts if "evalx" in line]
        return found + control_groups()
    server = servers(folder)
    assert server.run("bash", "echo 1")["status"] == "completed"
    pids = server.pids()
    assert any(f"-{pid}-" in trace for trace in traces() for pid in pids), "looked for the wrong thing"
    server.kill()
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids[1:]), 20, "the orphans to be reaped")
    server = servers(folder)
    assert server.run("bash", "echo 1")["status"] == "completed"
    pids += server.pids()
    assert server.terminate() == 0
    assert [trace for trace in traces() if any(f"-{pid}-" in trace for pid in pids)] == []


def control_groups():
    """Every control group on the machine with the product's name."""
    return [os.path.join(path, name) for path, names, _ in os.walk("/sys/fs/cgroup") for name in names if "evalx" in name]


def test_a_dead_jail_is_noticed(folder, servers):
    """The engine without its jail cannot run anything: the server must not go on as if it could; a new start finishes the work."""
    server = servers(folder)
    token = server.submit({**SLEEP, "code": "import time; time.sleep(3); print(1)"})
    wait_until(lambda: server.get(f"/submissions/{token}").json()["status"] == "running", 30, "it to run")
    jails = [pid for pid in server.pids() if Path(f"/proc/{pid}/comm").read_text().startswith("evalx-jail") and parent(pid) == server.process.pid]
    assert jails
    os.kill(jails[0], signal.SIGKILL)

    def noticed():
        if server.process.poll() is not None:
            return True
        with contextlib.suppress(requests.RequestException):
            return server.get("/readyz", timeout=5).status_code == 503 or server.get(f"/submissions/{token}").json()["status"] == "completed"
        return False
    wait_until(noticed, 30, "the server to notice")
    if server.process.poll() is None:
        server.kill()
    server = servers(folder, store_lease="1s")
    assert server.result(token)["status"] == "completed"


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
