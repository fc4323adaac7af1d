# SPDX-License-Identifier: Apache-2.0
"""The processes that are measured: Redis with appendfsync always, one api, any number of workers, all on loopback; and what of a machine they take."""
import concurrent.futures
import contextlib
import datetime
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/chaos"))
from nodes import Evalx, Redis, children_of, wait_until  # noqa: E402, F401

NOTHING = "int main(void) { return 0; }\n"
LANGUAGES = ("bash", "c")  # of the workers: they start sooner
TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    """Seconds of CPU of a process and all its descendants, those that have ended included as far as somebody waited for them."""
    total = 0
    for one in [pid, *children_of(pid)]:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / TICK


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
                  if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} cores of {model}, shared with others, {datetime.date.today().isoformat()}"


@contextlib.contextmanager
def on(core):
    """What is started meanwhile runs on this core alone, its threads and children too. None: wherever this one may."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Fleet:
    """Redis, an api, and any number of workers, in a folder that goes with it. cores: who is to stay on which core (redis, api); settings: of the api."""

    def __init__(self, cores=None, **settings):
        self.cores = cores or {}
        self.folder = Path(tempfile.mkdtemp(prefix="evalx-scaling-"))
        self.folder.chmod(0o755)
        languages = self.folder / "languages"
        languages.mkdir()
        for name in LANGUAGES:
            shutil.copy(ROOT / "languages" / f"{name}.yaml", languages)
        self.redis = Redis("redis", self.folder)
        self.settings = {"store_url": f"redis://127.0.0.1:{self.redis.port}", "languages_dir": languages}
        self.api = Evalx("api", self.folder, "api", **self.settings, **settings)
        self.workers = []

    def __enter__(self):
        try:
            for node in (self.redis, self.api):
                with on(self.cores.get(node.name)):
                    node.start()
                node.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in [*self.workers, self.api, self.redis]:
            node.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def grow(self, count, **settings):
        """Adds workers until there are so many, all ready."""
        new = [Evalx(f"worker-{number}", self.folder, "worker", **{"slots": 1, **self.settings, **settings})
               for number in range(len(self.workers), count)]
        self.workers += new
        for node in new:
            node.start()
        for node in new:
            node.wait_ready(120)

    def submit(self, body):
        return self.api.session.post(self.api.url("/execute-batch"), json=body, timeout=30).json()["token"]

    def submit_all(self, bodies, threads=4):
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            return list(pool.map(self.submit, bodies))

    def run(self, body, count, threads=4):
        """Submits it so often, waits for all; their documents."""
        tokens = self.submit_all([body] * count, threads)
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            documents = list(pool.map(self.wait, tokens))
        wrong = [one for one in documents if one["status"] != "completed"]
        assert not wrong, wrong[0]
        return documents

    def wait(self, token):
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            document = self.api.session.get(self.api.url(f"/submissions/{token}?wait=60"), timeout=90).json()
            if document["status"] not in ("queued", "running"):
                return document
        raise AssertionError(f"{token} did not end")

    def memory(self):
        return int(next(line.split(":")[1] for line in self.redis.ask("info", "memory").splitlines() if line.startswith("used_memory:")))

    def costs(self):
        return {"api": cpu(self.api.process.pid), "redis": cpu(self.redis.process.pid), "worker": sum(cpu(one.process.pid) for one in self.workers)}


def sleeper(seconds):
    return {"language": "bash", "code": f"sleep {seconds}", "test_cases": [{"stdin": ""}]}


def c_program(tests=1, text=""):
    return {"language": "c", "code": text + NOTHING, "test_cases": [{}] * tests}


def finished(document):
    return datetime.datetime.fromisoformat(document["finished_at"].replace("Z", "+00:00")).timestamp()
