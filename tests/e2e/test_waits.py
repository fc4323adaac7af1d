# SPDX-License-Identifier: Apache-2.0
"""Waiting clients: thousands at once on the default configuration, each costing a connection and no thread; and event streams."""
import json
import os
import selectors
import threading
import time

import pytest
import requests
from harness import SLOW, alive, event_stream, parse_answer, read_answers, read_events, wait_until

WAITERS = 2000
SLEEP = {"language": "python", "code": "import time; time.sleep(100)", "test_cases": [{}], "limits": {"wall_time_ms": 60000}}
QUICK = {"language": "bash", "code": "echo hi", "test_cases": [{"expected_output": "hi"}]}
STEPS = {"language": "python", "code": "import time; n = int(input()); time.sleep(n / 20); print(n)",
         "test_cases": [{"name": f"t{n}", "stdin": f"{n}\n", "expected_output": "3\n"} for n in (1, 2, 3)]}


def threads_of(server):
    return sum(len(os.listdir(f"/proc/{pid}/task")) for pid in server.pids() if alive(pid))


class Waiters:
    """Many open GET ?wait= on raw sockets, answered whenever they are."""

    def __init__(self, server, token, count, seconds):
        self.selector, self.pending, self.answers = selectors.DefaultSelector(), {}, []
        request = f"GET /submissions/{token}?wait={seconds} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        for _ in range(count):
            connection = server.connect()
            connection.sendall(request)
            connection.setblocking(False)
            self.selector.register(connection, selectors.EVENT_READ)
            self.pending[connection] = b""

    def collect(self, seconds):
        """Reads until every answer came, the connection ended, or the time is over."""
        deadline = time.monotonic() + seconds
        while self.pending and time.monotonic() < deadline:
            for key, _ in self.selector.select(max(0, min(1, deadline - time.monotonic()))):
                self.read(key.fileobj)

    def read(self, connection):
        try:
            data = connection.recv(65536)
        except ConnectionError:
            data = b""
        self.pending[connection] += data
        if not data:
            self.selector.unregister(connection)
            parsed = parse_answer(self.pending.pop(connection))
            self.answers.append(parsed and parsed[0])
            connection.close()

    def close(self):
        for connection in self.pending:
            connection.close()
        self.selector.close()


def assert_quick(server):
    """Other requests are answered quickly meanwhile, whole submissions too."""
    for path in ["/healthz", "/languages"] * 10:
        started = time.monotonic()
        assert server.get(path).status_code == 200
        assert time.monotonic() - started < 0.5 * SLOW, path


@pytest.mark.timeout(240)
def test_two_thousand_open_waits(new_server):
    server = new_server(slots=2)  # one for what is waited for, one for others; all else is the default
    token = server.submit(SLEEP)
    wait_until(lambda: server.get(f"/submissions/{token}").json()["status"] == "running", 30, "it to run")
    threads = threads_of(server)
    waiters = Waiters(server, token, WAITERS, 60)
    try:
        assert_quick(server)
        waiters.collect(0.5)
        assert not waiters.answers, waiters.answers[:3]
        assert threads_of(server) <= threads + 4, "waiting clients hold threads"
        started = time.monotonic()
        assert server.result(server.submit(QUICK))["verdict"] == "accepted"
        assert time.monotonic() - started < 5 * SLOW
        server.delete(f"/submissions/{token}")
        waiters.collect(30 * SLOW)
    finally:
        waiters.close()
    assert len(waiters.answers) == WAITERS
    assert all(answer and answer.status == 200 and answer.json()["status"] == "cancelled" for answer in waiters.answers)
    assert_quick(server)


@pytest.mark.timeout(240)
def test_two_thousand_waits_that_run_out(new_server):
    server = new_server()
    token = server.submit(SLEEP)
    waiters = Waiters(server, token, WAITERS, 8)
    try:
        assert_quick(server)
        waiters.collect(30 * SLOW)
    finally:
        waiters.close()
    assert len(waiters.answers) == WAITERS
    assert all(answer and answer.status == 200 and answer.json()["status"] == "running" for answer in waiters.answers)
    server.delete(f"/submissions/{token}")


def test_two_thousand_waiters_that_leave(new_server):
    """Connections that were given up are not kept: as many again can come."""
    server = new_server()
    token = server.submit(SLEEP)
    for _ in range(4):
        waiters = Waiters(server, token, WAITERS, 60)
        waiters.close()
    assert_quick(server)
    server.delete(f"/submissions/{token}")


@pytest.mark.timeout(240)
def test_waiting_posts_do_not_hold_their_bodies(new_server):
    """Bodies that wait for their results would fill api.max_buffered (256 MiB) with the 22nd: who comes then would get 503."""
    server = new_server(queue_paused="true")
    body = json.dumps({"language": "bash", "code": "true", "stdin": "x" * (12 << 20)}).encode()
    head = b"POST /execute?wait=60 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    waiting = []
    try:
        for _ in range(24):
            waiting.append(server.connect(timeout=60))
            waiting[-1].sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            assert server.get("/languages").status_code == 200  # behind it in the same queue: bodies do not pile up unread
        answer = server.post("/execute?wait=0", data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 202, answer.text
        assert server.terminate() == 0
        for connection in waiting:
            answers, _ = read_answers(connection, 20 * SLOW)
            assert [answer.status for answer in answers] == [202], answers
    finally:
        for connection in waiting:
            connection.close()


def test_waits_of_many_submissions(server):
    """Each waiter gets its own submission's end."""
    answers = {}

    def submit(number):
        body = {"language": "bash", "code": f"echo {number}", "test_cases": [{}]}
        answers[number] = requests.post(server.url("/execute-batch?wait=60"), json=body, timeout=90)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(50):
        assert answers[number].status_code == 200
        assert answers[number].json()["results"][0]["stdout"] == f"{number}\n"


def test_wait_wakes_up_at_once(server):
    """The answer comes when it is done, not at some tick of polling."""
    delays = []
    for i in range(5):
        token = server.submit({"language": "bash", "code": f"# {i}\nsleep 0.3", "test_cases": [{}]})
        document = server.get(f"/submissions/{token}?wait=30").json()
        assert document["status"] == "completed"
        finished = document["finished_at"]
        ended = time.time()
        seconds = time.mktime(time.strptime(finished[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone + int(finished[20:23]) / 1000
        delays.append(ended - seconds)
    assert min(delays) < 0.05 * SLOW, delays


# ---- event streams ----

def stream(server, token, last=None, timeout=60):
    headers = {"Last-Event-ID": last} if last is not None else {}
    response = requests.get(server.url(f"/submissions/{token}/events"), stream=True, headers=headers, timeout=timeout)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].split(";")[0] == "text/event-stream"
    return response


def test_events_of_a_submission(server):
    token = server.submit(STEPS)
    with stream(server, token) as response:
        events = read_events(event_stream(response), stop=lambda event: False)  # to the end of the stream
    kinds = [event["event"] for event in events]
    assert kinds[-1] == "done" and kinds.count("done") == 1
    assert kinds.count("test") == 3 and "status" in kinds
    tests = [json.loads(event["data"]) for event in events if event["event"] == "test"]
    assert sorted(test["index"] for test in tests) == [0, 1, 2]
    assert {test["index"]: test["verdict"] for test in tests} == {0: "wrong_answer", 1: "wrong_answer", 2: "accepted"}
    ids = [event["id"] for event in events]
    assert len(set(ids)) == len(ids)
    assert json.loads(events[-1]["data"])["status"] == "completed"


def test_events_of_a_compiled_program(server):
    token = server.submit({"language": "c", "code": f"/* {time.time_ns()} */ int main(void) {{ return 0; }}", "test_cases": [{}] * 5})
    with stream(server, token) as response:
        kinds = [event["event"] for event in read_events(event_stream(response))]
    assert kinds.count("compile") == 1 and kinds.count("test") == 5
    assert kinds.index("compile") < kinds.index("test")


def test_events_of_a_finished_submission(server):
    """Who comes late is told everything all the same."""
    token = server.submit(STEPS)
    server.result(token)
    with stream(server, token) as response:
        kinds = [event["event"] for event in read_events(event_stream(response))]
    assert kinds.count("test") == 3 and kinds[-1] == "done"


def test_events_resume_after_every_one_of_them(server):
    token = server.submit(STEPS)
    with stream(server, token) as response:
        everything = read_events(event_stream(response))
    server.result(token)
    with stream(server, token) as response:
        again = read_events(event_stream(response))
    assert [event["id"] for event in again if event["event"] == "test"] == [event["id"] for event in everything if event["event"] == "test"]
    for position, event in enumerate(everything[:-1]):
        with stream(server, token, last=event["id"]) as response:
            rest = read_events(event_stream(response))
        seen = {other["id"] for other in everything[:position + 1] if other["event"] in ("compile", "test")}
        due = {other["id"] for other in everything if other["event"] in ("compile", "test")} - seen
        assert {other["id"] for other in rest if other["event"] in ("compile", "test")} == due, (event, rest)
        assert rest[-1]["event"] == "done"


def test_events_resume_while_it_runs(server):
    token = server.submit(STEPS)
    with stream(server, token) as response:
        first = read_events(event_stream(response), stop=lambda event: event["event"] == "test")
    with stream(server, token, last=first[-1]["id"]) as response:
        rest = read_events(event_stream(response))
    tests = [event["id"] for event in first + rest if event["event"] == "test"]
    assert len(tests) == len(set(tests)) == 3


@pytest.mark.parametrize("last", ["", "x", "-1", "999999999", "18446744073709551616", "1;2", "ü".encode().decode("latin-1")])
def test_a_last_event_id_that_never_was(server, last):
    token = server.submit(QUICK)
    response = requests.get(server.url(f"/submissions/{token}/events"), stream=True, headers={"Last-Event-ID": last}, timeout=60)
    with response:
        assert response.status_code in (200, 400)
        if response.status_code == 200:
            assert read_events(event_stream(response))[-1]["event"] == "done"


def test_a_stream_ends_when_its_submission_is_cancelled(server):
    token = server.submit(SLEEP)
    with stream(server, token) as response:
        events = event_stream(response)
        read_events(events, stop=lambda event: event["event"] == "status")
        server.delete(f"/submissions/{token}")
        last = read_events(events)[-1]
    assert last["event"] == "done" and json.loads(last["data"])["status"] == "cancelled"


def test_silent_streams_are_pinged(new_server):
    server = new_server(api_stream_ping="200ms")
    token = server.submit(SLEEP)
    with server.connect() as connection:
        connection.sendall(f"GET /submissions/{token}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        data, deadline = b"", time.monotonic() + 20 * SLOW
        while data.count(b"\n:") < 3 and time.monotonic() < deadline:
            data += connection.recv(65536)
    assert data.count(b"\n:") >= 3, data
    server.delete(f"/submissions/{token}")


@pytest.mark.timeout(240)
def test_a_thousand_streams(new_server):
    """Streams cost a connection and no thread, like waits."""
    server = new_server()
    token = server.submit(SLEEP)
    threads, connections = threads_of(server), []
    try:
        for _ in range(1000):
            connection = server.connect()
            connection.sendall(f"GET /submissions/{token}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            connections.append(connection)
        assert_quick(server)
        assert threads_of(server) <= threads + 4
        server.delete(f"/submissions/{token}")
        for connection in connections:
            data = b""
            connection.settimeout(30 * SLOW)
            while b"event: done" not in data and b"event:done" not in data:
                piece = connection.recv(65536)
                assert piece, data
                data += piece
    finally:
        for connection in connections:
            connection.close()


def test_graceful_stop_ends_waits_and_streams(new_server):
    """SIGTERM: who waits is told what is known, streams end, and the server still stops with 0 in time."""
    server = new_server(shutdown_grace="1s")
    token = server.submit(SLEEP)
    waiters = Waiters(server, token, 20, 60)
    with server.connect() as connection:
        connection.sendall(f"GET /submissions/{token}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(65536)
        code = server.terminate(20)
        assert code == 0
        connection.settimeout(5)
        while connection.recv(65536):
            pass
    waiters.collect(5)
    waiters.close()
    assert len(waiters.answers) == 20
    assert all(answer and answer.status in (200, 503) for answer in waiters.answers)
