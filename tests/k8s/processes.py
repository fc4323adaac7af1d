# SPDX-License-Identifier: Apache-2.0
"""Processes of the rig: started with a log of their own, waited for, ended by their number. Nothing sleeps for a guess."""
import contextlib
import os
import signal
import subprocess
import time


class RigError(Exception):
    """Something without which the rig cannot go on; says what, and what to look at."""


def wait_until(condition, seconds, what, pause=0.2):
    """Polls condition() until it is true and returns what it returned; RigError after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise RigError(f"waited {seconds} s in vain for {what() if callable(what) else what}")
        time.sleep(pause)


class Process:
    """A server: command, and a log in the folder."""

    def __init__(self, name, folder, command, environment=None):
        self.name, self.command, self.environment = name, list(map(str, command)), environment
        self.log = folder / f"{name}.log"
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                                            start_new_session=True)
        return self

    def wait_ready(self, check, seconds=90):
        def ready():
            if self.process.poll() is not None:
                raise RigError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            return check()
        wait_until(ready, seconds, lambda: f"{self.name} to be ready; its log ends:\n{self.tail()}")
        return self

    def tail(self, size=2000):
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def stop(self, seconds=20):
        """SIGTERM, and SIGKILL when that takes too long."""
        if self.process is None or self.process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
