# SPDX-License-Identifier: Apache-2.0
"""The processes of a run: Redis, and evalx in any role, each started again as often as it is killed, on the same port and folder."""
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from harness import EVALX, SLOW, alive, children_of, environment, free_port, wait_until  # noqa: E402


class Node:
    """One process with its descendants."""

    def __init__(self, name, folder):
        self.name, self.folder, self.port = name, folder, free_port()
        self.process, self.log = None, folder / f"{name}.log"
        self.starts = 0

    def command(self):
        raise NotImplementedError

    def settings(self):
        return {}

    def is_ready(self):
        raise NotImplementedError

    def start(self):
        self.starts += 1
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment(**self.settings()), start_new_session=True)

    def wait_ready(self, seconds=60):
        def ready():
            assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}:\n{self.tail()}"
            return self.is_ready()
        wait_until(ready, seconds, f"{self.name} to be ready", pause=0.05)

    def pids(self):
        return [self.process.pid, *children_of(self.process.pid)]

    def kill(self, whole=True):
        """SIGKILL: to all its processes, or to the first alone, which must be enough."""
        pids = self.pids()
        for pid in pids if whole else pids[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        wait_until(lambda: not any(alive(pid) for pid in pids), 20, f"what {self.name} left behind to be gone")

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGCONT)

    def terminate(self):
        """SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30 * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def close(self):
        if self.process and self.process.poll() is None:
            self.resume()
            self.kill()

    def tail(self, size=3000):
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def lines(self):
        """Its log as objects. A line that a SIGKILL cut short, or that the kernel's or a library's hand wrote, is passed over."""
        for line in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                yield json.loads(line)

    def memory_kb(self):
        return sum(int(line.split()[1]) for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
                   if line.startswith(("Private_Clean", "Private_Dirty")))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Redis(Node):
    """Debian's server; every answer follows its sync."""

    def command(self):
        state = self.folder / "redis"
        state.mkdir(exist_ok=True)
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(state), "--appendonly", "yes",
                "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"]

    def ask(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=10).stdout.strip()

    def is_ready(self):
        return self.ask("ping") == "PONG"


class Evalx(Node):
    """evalx ROLE."""

    def __init__(self, name, folder, role, **settings):
        super().__init__(name, folder)
        self.role, self.own_settings = role, settings
        self.session = requests.Session()
        self.session.trust_env = False

    def command(self):
        return [str(EVALX), self.role, "--listen", f"127.0.0.1:{self.port}"]

    def settings(self):
        return {"state_dir": self.folder / f"{self.name}-state", **self.own_settings}

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def is_ready(self):
        try:
            return self.session.get(self.url("/readyz"), timeout=2).status_code == 200
        except requests.RequestException:
            return False


def now():
    return time.monotonic()
