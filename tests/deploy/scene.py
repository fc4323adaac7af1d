#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Seven minutes in the life of an installation, for the picture in docs/observability.md (make dashboard-picture).

    tests/deploy/scene.py PICTURE [--seconds 420]

Real Redis, `evalx api`, workers, a webhook receiver and Prometheus on the shipped configuration; clients that make mistakes; a burst that the workers
cannot keep up with; a third worker that comes to help; one that is killed; a receiver that fails; a Redis that hangs. Then deploy/grafana/draw.py draws
the dashboard's own queries.
"""
import argparse
import contextlib
import itertools
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "e2e")]
import requests  # noqa: E402
from harness import ROOT  # noqa: E402
from monitoring import Installation, Prometheus  # noqa: E402

C = '#include <stdio.h>\nint main(void) { int n; while (scanf("%d", &n) == 1) printf("%d\\n", 2 * n); /* VARIANT */ return 0; }'
TWICE = [{"stdin": f"{n}\n", "expected_output": f"{2 * n}\n"} for n in range(1, 5)]
PROGRAMS = [
    (6, {"language": "bash", "code": "while read n; do echo $((2 * n)); done; sleep 0.2", "test_cases": TWICE[:2]}),
    (4, {"language": "c", "code": C, "test_cases": TWICE}),
    (3, {"language": "python", "code": "import sys\nfor line in sys.stdin: print(int(line) * 2)\n", "test_cases": TWICE[:3]}),
    (1, {"language": "python", "code": "import sys\nfor line in sys.stdin: print(int(line) * 2 + 1)\n", "test_cases": TWICE[:2]}),
    (1, {"language": "python", "code": "values = [1, 2]\nprint(values[int(input())])\n", "test_cases": [{"stdin": "2\n", "expected_output": "2\n"}]}),
    (1, {"language": "c", "code": "#include <stdio.h>\nint main(void) { int number = 1; printf(\"%d\\n\", nubmer); }", "test_cases": [{}]}),
    (1, {"language": "c", "code": "int main(void) { int *p = 0; return *p; }", "test_cases": [{}]}),
    (1, {"language": "bash", "code": "exit 37", "test_cases": [{}]}),
    (1, {"language": "python", "code": "while True: pass\n", "limits": {"cpu_time_ms": 300}, "test_cases": [{}]}),
]
SLEEPER = {"language": "bash", "code": "sleep 1; echo done", "test_cases": [{"expected_output": "done\n"}]}


class Scene:
    def __init__(self, installation, prometheus, seconds):
        self.installation, self.prometheus, self.seconds = installation, prometheus, seconds
        self.failing, self.over = False, threading.Event()
        self.random, self.numbers = random.Random(7), itertools.count()
        installation.receiver.behave = self.receive

    # ---- who takes part ----
    def receive(self, _delivery):
        time.sleep(self.random.uniform(0.005, 0.05))
        return 500 if self.failing and self.random.random() < 0.7 else 204

    def one(self, session):
        body = dict(self.random.choices([body for _, body in PROGRAMS], [weight for weight, _ in PROGRAMS])[0])
        if self.random.random() < 0.3:
            body["code"] = body["code"].replace("VARIANT", str(next(self.numbers)))
        if self.random.random() < 0.5:
            body["webhook_url"] = self.installation.receiver.url()
        if self.random.random() < 0.05:
            body["test_cases"] = "none"
        answer = session.post(self.installation.api.url("/execute-batch" + ("?wait=5" if self.random.random() < 0.3 else "")), json=body, timeout=30)
        token = answer.json().get("token")
        if token and self.random.random() < 0.4:
            session.get(self.installation.api.url(f"/submissions/{token}"), timeout=30)
        if token and self.random.random() < 0.02:
            session.delete(self.installation.api.url(f"/submissions/{token}"), timeout=30)

    def client(self):
        session = requests.Session()
        while not self.over.wait(self.random.uniform(0.3, 1.7)):
            with contextlib.suppress(requests.RequestException):
                self.one(session)

    # ---- what happens ----
    def burst(self):
        for _ in range(1500):
            self.installation.api.post("/execute-batch", SLEEPER, timeout=30)

    def help(self):
        self.installation.add_worker(slots=8)
        self.prometheus.configure(self.installation.jobs())

    def receiver_fails(self):
        self.failing = True

    def receiver_is_well(self):
        self.failing = False

    def worker_dies(self):
        self.installation.workers[0].kill()

    def redis_hangs(self):
        redis = self.installation.redis.process
        redis.send_signal(signal.SIGSTOP)
        time.sleep(12)
        redis.send_signal(signal.SIGCONT)

    def play(self):
        acts = [(0.15, self.burst), (0.3, self.help), (0.5, self.receiver_fails), (0.62, self.receiver_is_well), (0.7, self.worker_dies), (0.84, self.redis_hangs)]
        clients = [threading.Thread(target=self.client) for _ in range(4)]
        begun = time.monotonic()
        for client in clients:
            client.start()
        try:
            for moment, act in acts:
                time.sleep(max(begun + moment * self.seconds - time.monotonic(), 0))
                act()
            time.sleep(max(begun + self.seconds - time.monotonic(), 0))
        finally:
            self.over.set()
            for client in clients:
                client.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture")
    parser.add_argument("--seconds", type=int, default=420)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        installation = Installation(workers=2, slots=4, webhook_retry="5s,10s", serve=False)
        stack.callback(installation.close)
        prometheus = Prometheus(installation.start().jobs(), every="2s")
        stack.callback(prometheus.close)
        Scene(installation, prometheus.start(), options.seconds).play()
        subprocess.run([sys.executable, ROOT / "deploy" / "grafana" / "draw.py", "--prometheus", prometheus.url, "--minutes", str(options.seconds / 60), "--step", "2",
                        "--rate-interval", "16s", "-o", options.picture], check=True)


if __name__ == "__main__":
    main()
