#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives one api, one Redis and one core of workers to their end, each alone on one core of this machine, everything else on another; and says
how busy that core was then, and what the limit was.

    bench/scaling/drive.py              all of it, as measure.py writes it
    bench/scaling/drive.py api|replica|redis|worker

More and more is asked of each until it gives no more. As root, on two cores or more.
"""
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from fleet import TICK, Fleet, Redis, c_program, cpu, on, wait_until  # noqa: E402

BUILD_DIR = HERE.parent.parent / os.environ.get("BUILD_DIR", "build")
GAIN = 1.05  # a step that gives less than this much more than those before is past the end
ROUNDS = 3  # at the best step
STRANGERS, TRIES = 0.15, 3  # of a core: what others may take before a try is repeated, and how often; the best counts
CALM = 0.8  # of both cores idle before a try begins
PATIENCE = [60.0]  # seconds that are left to wait for that, in all
SECONDS, BURN = 2, 3  # that a step lasts; with workers
CONNECTIONS, CLAIMERS, SLOTS = range(4, 11), range(8), range(7)  # powers of two: wrk's to the api; threads in each of STORES, a connection each; of a worker
THREADS = 64  # of an api that is to have a core to the full: each waits for Redis most of the time
STORES = 4
HELD = 200  # finished submissions that are read
LOADS = {"worker": c_program(), "test": c_program(10), "compile": c_program(text="/* @ */\n")}  # each other source is to be compiled


def two_cores():
    """One for what is driven, another for everything else."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("drive.py: this takes two cores")
    return cores[-1], cores[0]


def busy_ticks():
    """Of each core: what it was not idle for, all of it together."""
    found = {}
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        if re.match(r"cpu\d", line):
            name, *values = line.split()
            ticks = list(map(int, values[:8]))
            found[int(name[3:])] = sum(ticks) - ticks[3] - ticks[4]
    return found


class Moment:
    """What a process and all that this one started have taken so far, and what both cores were busy for."""

    def __init__(self, node, core, other):
        self.at, self.cpu, self.own, cores = time.time(), cpu(node.process.pid), cpu(os.getpid()), busy_ticks()
        self.core, self.other = cores[core] / TICK, cores[other] / TICK

    def until(self, later):
        """Shares of a core in the time between: the process's; whoever's of its core and the other; and what had nothing to do with this, of both."""
        core, other, own, mine = ((getattr(later, name) - getattr(self, name)) / (later.at - self.at) for name in ("core", "other", "own", "cpu"))
        return {"busy": mine, "core": core, "other": other, "strangers": max(0, core + other - own)}


def by_rate(found):
    return max(found, key=lambda one: one["rate"])


def await_calm():
    """Until a quarter of a second was idle, or there is no patience left: then the figures say what others took."""
    before = None
    while PATIENCE[0] > 0:
        now = time.monotonic(), sum(busy_ticks().values()) / TICK
        if before and now[1] - before[1] < (1 - CALM) * os.cpu_count() * (now[0] - before[0]):
            return
        before = now
        time.sleep(0.25)
        PATIENCE[0] -= 0.25


def undisturbed(measure, *arguments):
    """What measure gives while others leave the machine alone, or the best of TRIES."""
    found = []
    while not found or (len(found) < TRIES and found[-1]["strangers"] > STRANGERS):
        await_calm()
        found.append(measure(*arguments))
        print(" ", *arguments, json.dumps({name: round(value, 2) for name, value in found[-1].items()}), file=sys.stderr, flush=True)
    return by_rate(found)


def climb(powers, measure):
    """
    Asks for twice as much, step by step, until two running have brought less than GAIN; then the best of them again, best of ROUNDS: what others
    take of a shared machine makes a rate smaller, never greater. What measure(step) gave there, with "at", the step, and "steps", all rates.
    """
    found, idle = [], 0
    for step in (2**power for power in powers):
        best = max((one["rate"] for one in found), default=0)
        found.append({"at": step, **undisturbed(measure, step)})
        idle = idle + 1 if found[-1]["rate"] < best * GAIN else 0
        if idle == 2:
            break
    best = by_rate(found)
    rounds = [best, *({"at": best["at"], **undisturbed(measure, best["at"])} for _ in range(ROUNDS - 1))]
    return {**by_rate(rounds), "steps": {str(one["at"]): round(one["rate"], 1) for one in found}}


# ---- an api: wrk hands in and reads, half and half ----

def wrk(fleet, connections, body, tokens=os.devnull):
    """Requests a second."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "10s", "-s", HERE / "requests.lua", fleet.api.url("")]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "DRIVE_TOKENS": str(tokens), "DRIVE_BODY": json.dumps(body).replace("@", f"{time.monotonic_ns()} @")}).stdout
    wrong = re.search(r"Non-2xx.*|Socket errors.*", said)
    assert not wrong, f"wrk: {wrong[0]}"
    return float(re.search(r"Requests/sec: *([\d.]+)", said)[1])


def drive_api(**settings):
    core, other = two_cores()
    with on(other), Fleet({"api": core, "redis": other}, queue_max_depth=10**8, **settings) as fleet:
        fleet.grow(1)
        fleet.run(c_program(), HELD)
        fleet.workers.pop().close()
        tokens = fleet.folder / "tokens"
        tokens.write_text("\n".join(fleet.redis.ask("zrange", "{evalx}:done", "0", "-1").split()) + "\n", encoding="ascii")

        def measure(connections):
            began = Moment(fleet.api, core, other)
            rate = wrk(fleet, connections, c_program(), tokens) / 2
            return {"rate": rate, **began.until(Moment(fleet.api, core, other))}
        return climb(CONNECTIONS, measure)


# ---- a Redis: whole lives of submissions, by store calls alone ----

def state_of(pid):
    """Of its first thread: R computing or about to, S waiting for somebody to ask, D for its disk."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


def drive_redis():
    core, other = two_cores()
    folder = Path(tempfile.mkdtemp(prefix="evalx-scaling-"))
    redis = Redis("redis", folder)

    def measure(threads):
        redis.ask("flushall")
        with subprocess.Popen([BUILD_DIR / "bench/store_life", f"redis://127.0.0.1:{redis.port}", str(STORES), str(threads), str(SECONDS + 2)],
                              stdout=subprocess.DEVNULL) as life:
            ended = lambda: int(redis.ask("get", "{evalx}:ended") or 0)  # noqa: E731
            wait_until(lambda: ended() > STORES * threads, 10, "the first submissions to end", pause=0.05)
            began, first, states = Moment(redis, core, other), ended(), []
            while time.time() < began.at + SECONDS:
                states.append(state_of(redis.process.pid))
                time.sleep(0.002)
            last, moment = ended(), Moment(redis, core, other)
            assert life.wait(30) == 0, "store_life failed"
        return {"rate": (last - first) / (moment.at - began.at), **began.until(moment), "disk": states.count("D") / len(states)}

    with contextlib.ExitStack() as stack:
        stack.enter_context(on(other))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(redis.close)
        with on(core):
            redis.start()
        redis.wait_ready()
        redis.ask("config", "set", "auto-aof-rewrite-percentage", "0")  # its own core is for its thread alone
        return {**climb(CLAIMERS, measure), "times": STORES}


# ---- a core of workers: a queue that waits for one ----

def burn(fleet, cores, slots, body):
    """A queue longer than it can burn down, then a worker: submissions a second from when it was ready."""
    fleet.redis.ask("flushall")
    wrk(fleet, 64, body)
    with on(cores[0]):
        fleet.grow(1, slots=slots)
    began = Moment(fleet.workers[0], *cores)
    wait_until(lambda: time.time() > began.at + BURN, BURN + 10, "the time to be over", pause=0.1)
    over = Moment(fleet.workers[0], *cores)
    assert int(fleet.redis.ask("zcard", "{evalx}:age")) > 0, "the queue was empty before the time was over"
    fleet.workers.pop().close()
    ended = [int(score) / 1000 for score in fleet.redis.ask("zrange", "{evalx}:done", "0", "-1", "withscores").split()[1::2]]
    return {"rate": sum(began.at < at <= over.at for at in ended) / (over.at - began.at), **began.until(over)}


def drive_worker():
    cores = two_cores()
    with on(cores[1]), Fleet({"redis": cores[1], "api": cores[1]}, queue_max_depth=10**8) as fleet:
        plain = climb(SLOTS, lambda slots: burn(fleet, cores, slots, LOADS["worker"]))
        test, compiled = (undisturbed(lambda slots, load=load: burn(fleet, cores, slots, LOADS[load]), plain["at"]) for load in ("test", "compile"))
    return {"worker": plain, "test": {"at": plain["at"], **test, "rate": beyond(test, plain, 9)},
            "compile": {"at": plain["at"], **compiled, "rate": beyond(compiled, plain, 1)}}


def beyond(found, plain, times):
    """What came on top of plain submissions, so often in each, a second."""
    return times / (1 / found["rate"] - 1 / plain["rate"])


def drive():
    return {"api": drive_api(api_handler_threads=THREADS), "replica": drive_api(), "redis": drive_redis(), **drive_worker()}


def main():
    parts = {"": drive, "api": lambda: drive_api(api_handler_threads=THREADS), "replica": drive_api, "redis": drive_redis, "worker": drive_worker}
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what not in parts:
        sys.exit(__doc__)
    print(json.dumps(parts[what](), indent=2))


if __name__ == "__main__":
    main()
