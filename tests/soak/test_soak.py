# SPDX-License-Identifier: Apache-2.0
"""SOAK_SECONDS (600) of mixed load on a server, in ten rounds with a rest after each: what its processes hold does not grow. make soak.

After each rest, when every request is answered and freed memory has gone back to the system, memory (PSS of the server's own processes,
boxes apart) and descriptors are read. Compared are the rounds after the first fifth with the last ones: at most 5 % apart.
"""
import contextlib
import os
import random
import statistics
import threading
import time
from pathlib import Path

import pytest
import requests
from harness import FINAL, Server, event_stream

SECONDS = max(int(os.environ.get("SOAK_SECONDS", 600)), 150)
CLIENTS, ROUNDS, REST_SECONDS = 6, 10, 13
APART = 0.05

C = "#include <stdio.h>\nint main(void) {{ int a; if (scanf(\"%d\", &a) == 1) printf(\"%d\\n\", a + {number}); return 0; }}\n"
SHELL = "read a; echo $((a + {number}))"
PYTHON = "print(int(input()) + {number})"


def held(server):
    """(KiB, descriptors) of the server's own processes, not of the programs in its boxes; one that ends meanwhile counts as nothing."""
    memory = descriptors = 0
    for pid in server.pids():
        with contextlib.suppress(OSError):
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")).split(" ")[0] not in ("evalx", "evalx-jail"):
                continue
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            memory += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        with contextlib.suppress(OSError):
            descriptors += len(os.listdir(f"/proc/{pid}/fd"))
    return memory, descriptors


class Client(threading.Thread):
    """Goes through all that clients do, at random but the same in every run."""

    def __init__(self, server, seed, stop):
        super().__init__(daemon=True)
        self.server, self.random, self.stop, self.done, self.failure = server, random.Random(seed), stop, 0, None

    def run(self):
        with requests.Session() as self.session:
            self.session.trust_env = False
            try:
                while not self.stop.is_set():
                    self.random.choice((self.wait, self.wait, self.poll, self.follow, self.cancel, self.mistake, self.look))()
                    self.done += 1
            except Exception as failure:  # told by the test
                self.failure = failure

    def ask(self, method, path, **options):
        return self.session.request(method, self.server.url(path), timeout=60, **options)

    def body(self):
        number = self.random.randrange(40)  # forty programs of each language: many artifacts, again and again
        language, code = self.random.choice((("c", C), ("bash", SHELL), ("bash", SHELL), ("python", PYTHON)))
        tests = [{"stdin": f"{i}\n", "expected_output": f"{i + number}\n"} for i in range(self.random.choice((1, 1, 3, 20)))]
        return {"language": language, "code": code.format(number=number), "test_cases": tests, "metadata": {"n": "x" * self.random.randrange(2000)}}

    def submit(self):
        answer = self.ask("POST", "/execute-batch", json=self.body())
        assert answer.status_code == 202, answer.text
        return answer.json()["token"]

    @staticmethod
    def check(document):
        assert document["status"] == "completed" and document["verdict"] == "accepted", document

    def wait(self):
        answer = self.ask("POST", "/execute-batch?wait=50", json=self.body())
        assert answer.status_code == 200, answer.text
        self.check(answer.json())

    def poll(self):
        token = self.submit()
        while (document := self.ask("GET", f"/submissions/{token}?wait=5").json())["status"] not in FINAL:
            pass
        self.check(document)
        assert self.ask("DELETE", f"/submissions/{token}").status_code == 204

    def follow(self):
        token = self.submit()
        with self.ask("GET", f"/submissions/{token}/events", stream=True) as stream:
            assert [event["event"] for event in event_stream(stream)][-1] == "done"

    def cancel(self):
        token = self.submit()
        assert self.ask("DELETE", f"/submissions/{token}").status_code in (200, 204)

    def mistake(self):
        assert self.ask("POST", "/execute-batch", data=b"{" * 100, headers={"Content-Type": "application/json"}).status_code == 400
        assert self.ask("POST", "/execute-batch", json={"language": "cobol", "code": "1"}).status_code == 422
        assert self.ask("POST", "/execute-batch?wait=50", json={"language": "c", "code": "int main( {"}).json()["verdict"] == "compilation_error"

    def look(self):
        for path in ("/languages", "/healthz", "/readyz", "/metrics", "/openapi.json"):
            assert self.ask("GET", path).status_code == 200


def rested(server):
    """What is held when nothing is to do: the least of a time that is longer than the server's own interval of giving memory back."""
    samples = []
    for _ in range(REST_SECONDS):
        time.sleep(1)  # the interval of the samples
        samples.append(held(server))
    return min(memory for memory, _ in samples), min(descriptors for _, descriptors in samples)


def load(server, round_number, seconds):
    """Clients at work for so long; returns how much they did."""
    stop = threading.Event()
    clients = [Client(server, round_number * CLIENTS + number, stop) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end and not any(client.failure for client in clients):
        assert server.process.poll() is None, server.log_text()[-4000:]
        time.sleep(0.2)
    stop.set()
    for client in clients:
        client.join(60)
    failures = [client.failure for client in clients if client.failure]
    assert not failures, failures
    return sum(client.done for client in clients)


@pytest.mark.timeout(2 * SECONDS + 120)
def test_nothing_grows():
    # Results are forgotten and artifacts replaced within a round, so that what is kept on purpose does not grow either.
    server = Server(slots=2, store_retention="5s", artifact_cache_size="1MiB")
    try:
        server.start()
        samples, steps = [], 0
        for number in range(ROUNDS):
            steps += load(server, number, SECONDS / ROUNDS - REST_SECONDS)
            samples.append(rested(server))
            print(f"round {number + 1}: {samples[-1][0]} KiB, {samples[-1][1]} descriptors, {steps} steps", flush=True)
        early, late = ([statistics.median(values) for values in zip(*part)] for part in (samples[2:5], samples[-3:]))
        print(f"memory {early[0]:.0f} -> {late[0]:.0f} KiB ({late[0] / early[0] - 1:+.1%}), "
              f"descriptors {early[1]:.0f} -> {late[1]:.0f} ({late[1] / early[1] - 1:+.1%})")
        assert late[0] < early[0] * (1 + APART), "memory grows"
        assert late[1] < early[1] * (1 + APART), "descriptors grow"
    finally:
        server.close()
