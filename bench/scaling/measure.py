#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures on this machine what the model needs, and holds its predictions against what fleets of 2, 8 and 32 workers really do.

    bench/scaling/measure.py measure [FILE]     writes measured.json (beside this file, or FILE)
    bench/scaling/measure.py check              measures anew, predicts, measures the fleets; fails past 15 %. Last line: N passed, N failed, N skipped

As root (workers build sandboxes). Everything runs on loopback: Redis with appendfsync always, one api, the workers with one slot each.
"""
import concurrent.futures
import contextlib
import datetime
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "tests/chaos")]
from model import Load, Measured, Model  # noqa: E402
from nodes import Evalx, Redis, children_of, wait_until  # noqa: E402

FLEETS = (2, 8, 32)
TOLERANCE = 0.15
SLEEP = 1.0  # seconds that the programs of the fleets sleep
WAVES = 8  # submissions for each worker
BUSY, IDLE = 4, 12  # workers while costs are measured, and while nothing happens
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


class Fleet:
    """Redis, an api, and any number of workers, in a folder that goes with it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="evalx-scaling-"))
        self.folder.chmod(0o755)
        languages = self.folder / "languages"
        languages.mkdir()
        for name in LANGUAGES:
            shutil.copy(HERE.parent.parent / "languages" / f"{name}.yaml", languages)
        self.redis = Redis("redis", self.folder)
        self.settings = {"store_url": f"redis://127.0.0.1:{self.redis.port}", "languages_dir": languages}
        self.api = Evalx("api", self.folder, "api", **self.settings)
        self.workers, self.lock = [], threading.Lock()

    def __enter__(self):
        try:
            for node in (self.redis, self.api):
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
        new = [Evalx(f"worker-{number}", self.folder, "worker", slots=1, **self.settings, **settings)
               for number in range(len(self.workers), count)]
        self.workers += new
        for node in new:
            node.start()
        for node in new:
            node.wait_ready(120)

    def submit(self, body):
        return self.api.session.post(self.api.url("/execute-batch"), json=body, timeout=30).json()["token"]

    def run(self, body, count, threads=4):
        """Submits it so often, waits for all; their documents."""
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            tokens = list(pool.map(self.submit, [body] * count))
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


def finished(document):
    return datetime.datetime.fromisoformat(document["finished_at"].replace("Z", "+00:00")).timestamp()


def rate(fleet, workers):
    """Submissions a second while all workers are busy: from the end of the first wave to the end of the last."""
    times = sorted(finished(one) for one in fleet.run(sleeper(SLEEP), workers * WAVES, threads=8))
    return (len(times) - workers) / (times[-1] - times[workers - 1])


def spent(fleet, body, count, threads=16):
    """CPU a submission, by who spent it; and bytes of Redis."""
    before, memory = fleet.costs(), fleet.memory()
    fleet.run(body, count, threads)
    return {name: (value - before[name]) / count for name, value in fleet.costs().items()} | {"bytes": (fleet.memory() - memory) / count}


def c_program(tests=1, text=""):
    return {"language": "c", "code": text + NOTHING, "test_cases": [{}] * tests}


def measure():
    """A slot's hold first, of one worker alone; then costs, with several at work, so that what is shared under load (syncs, wake-ups) is shared."""
    with Fleet() as fleet:
        fleet.grow(1)
        fleet.run(sleeper(0), 20)
        hold = 1 / rate(fleet, 1) - SLEEP
        compiled = [spent(fleet, c_program(text=f"/* {number} */\n"), 1)["worker"] for number in range(8)]
        fleet.grow(BUSY)
        fleet.run(c_program(), 50 * BUSY)  # compiled by each, and everything warm
        one, ten = spent(fleet, c_program(), 2000), spent(fleet, c_program(10), 300)
        resident = {name: node.memory_kb() * 1024 for name, node in (("api", fleet.api), ("worker", fleet.workers[0]))}
        fleet.grow(IDLE)
        before, began = fleet.costs()["redis"], time.monotonic()
        wait_until(lambda: time.monotonic() > began + 10, 20, "ten idle seconds", pause=0.5)
        idle = (fleet.costs()["redis"] - before) / 10 / IDLE
    return Measured(hold=hold, api_cpu=one["api"], redis_cpu=one["redis"], worker_cpu=one["worker"], test_cpu=(ten["worker"] - one["worker"]) / 9,
                    compile_cpu=max(0, statistics.median(compiled) - one["worker"]), redis_bytes=one["bytes"], idle_redis_cpu=idle,
                    api_memory=resident["api"], worker_memory=resident["worker"], machine=machine())


def check():
    measured = measure()
    print(json.dumps(measured.__dict__, indent=2))
    model, failed = Model(measured), 0
    with Fleet() as fleet:
        for workers in FLEETS:
            fleet.grow(workers)
            fleet.run(sleeper(0), workers)  # each has run something
            predicted, found = model.rate(Load("sleeps", wall=SLEEP), workers, cores=os.cpu_count()), rate(fleet, workers)
            off = found / predicted - 1
            failed += abs(off) > TOLERANCE
            print(f"{'FAIL' if abs(off) > TOLERANCE else 'PASS'}  {workers} workers, programs that sleep {SLEEP:g} s: predicted {predicted:.2f} a second, "
                  f"measured {found:.2f} ({off:+.1%})", flush=True)
    print(f"{len(FLEETS) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "check":
        sys.exit(check())
    if what != "measure":
        sys.exit(__doc__)
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "measured.json"
    path.write_text(json.dumps(measure().__dict__, indent=2) + "\n", encoding="utf-8")
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
