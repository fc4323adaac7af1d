#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives one api, one Redis and one core of workers to their end, each alone on one core of this machine, everything else on another; and says
how busy that core was then, and what the limit was.

    bench/scaling/drive.py              all of it, as measure.py writes it
    bench/scaling/drive.py api|redis|worker

More and more is asked of each until it gives no more. As root, on two cores or more.
"""
import contextlib
import json
import os
import re
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
SECONDS = 3  # that a step lasts
CONNECTIONS, CLAIMERS, SLOTS = 8, 1, 1  # to begin with: wrk's to the api; threads that claim in each of STORES; of the worker
STORES = 4
HELD = 200  # finished submissions that are read
LOADS = {"worker": (1500, 1, False), "test": (200, 10, False), "compile": (60, 1, True)}  # submissions, test cases, each another source


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
    """What a process has taken so far, and what both cores were busy for."""

    def __init__(self, pid, core, other):
        self.at, self.cpu, cores = time.time(), cpu(pid), busy_ticks()
        self.core, self.other = cores[core] / TICK, cores[other] / TICK

    def until(self, later):
        """Shares of the time between: of a core, the process's; of its core and the other, whoever's."""
        wall = later.at - self.at
        return {"busy": (later.cpu - self.cpu) / wall, "core": (later.core - self.core) / wall, "other": (later.other - self.other) / wall}


def climb(first, measure):
    """
    Asks for twice as much, step by step, until two running have brought less than GAIN; then the best of them again, best of ROUNDS: what others
    take of a shared machine makes a rate smaller, never greater. What measure(step) gave there, with "at", the step, and "steps", all rates.
    """
    found, idle = [], 0
    while idle < 2:
        best = max((one["rate"] for one in found), default=0)
        step = first << len(found)
        found.append({"at": step, **measure(step)})
        print(" ", json.dumps({name: round(value, 3) for name, value in found[-1].items()}), file=sys.stderr, flush=True)
        idle = idle + 1 if found[-1]["rate"] < best * GAIN else 0
    steps = {str(one["at"]): round(one["rate"], 1) for one in found}
    best = max(found, key=lambda one: one["rate"])
    rounds = [best, *({"at": best["at"], **measure(best["at"])} for _ in range(ROUNDS - 1))]
    return {**max(rounds, key=lambda one: one["rate"]), "steps": steps}


# ---- an api: wrk hands in and reads, half and half ----

def wrk(fleet, tokens, connections):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "10s", "-s", HERE / "half.lua", fleet.api.url("")]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "DRIVE_TOKENS": str(tokens), "DRIVE_BODY": json.dumps(c_program())}).stdout
    wrong = re.search(r"Non-2xx.*|Socket errors.*", said)
    assert not wrong, f"wrk: {wrong[0]}"
    return float(re.search(r"Requests/sec: *([\d.]+)", said)[1]) / 2


def drive_api():
    core, other = two_cores()
    with on(other), Fleet({"api": core, "redis": other}, queue_max_depth=10**8) as fleet:
        fleet.grow(1)
        fleet.run(c_program(), HELD)
        fleet.workers.pop().close()
        tokens = fleet.folder / "tokens"
        tokens.write_text("\n".join(fleet.redis.ask("zrange", "{evalx}:done", "0", "-1").split()) + "\n", encoding="ascii")

        def measure(connections):
            began = Moment(fleet.api.process.pid, core, other)
            rate = wrk(fleet, tokens, connections)
            return {"rate": rate, **began.until(Moment(fleet.api.process.pid, core, other))}
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
        with subprocess.Popen([BUILD_DIR / "bench/store_life", f"redis://127.0.0.1:{redis.port}", str(STORES), str(threads), str(SECONDS + 1)],
                              stdout=subprocess.DEVNULL) as life:
            ended = lambda: int(redis.ask("get", "{evalx}:ended") or 0)  # noqa: E731
            wait_until(lambda: ended() > STORES * threads, 10, "the first submissions to end", pause=0.05)
            began, first, states = Moment(redis.process.pid, core, other), ended(), []
            while time.time() < began.at + SECONDS - 0.5:
                states.append(state_of(redis.process.pid))
                time.sleep(0.002)
            last, moment = ended(), Moment(redis.process.pid, core, other)
            assert life.wait(30) == 0, "store_life failed"
        return {"rate": (last - first) / (moment.at - began.at), **began.until(moment), "disk": states.count("D") / len(states)}

    with contextlib.ExitStack() as stack:
        stack.enter_context(on(other))
        stack.callback(redis.close)
        with on(core):
            redis.start()
        redis.wait_ready()
        redis.ask("config", "set", "auto-aof-rewrite-percentage", "0")  # its own core is for its thread alone
        return climb(CLAIMERS, measure)


# ---- a core of workers: a queue that waits for one ----

def burn(fleet, cores, slots, load):
    """Hands all in while no worker runs, then starts one: submissions a second while there were more."""
    count, tests, different = load
    tokens = set(fleet.submit_all([c_program(tests, f"/* {number if different else 0} of {slots} */\n") for number in range(count)]))
    with on(cores[0]):
        fleet.grow(1, slots=slots)
    moments = []

    def is_empty():
        moments.append(Moment(fleet.workers[0].process.pid, *cores))
        return all(fleet.redis.ask("zcard", f"{{evalx}}:{name}") == "0" for name in ("age", "running"))
    wait_until(is_empty, 120, "the queue to be empty", pause=0.1)
    fleet.workers.pop().close()
    words = fleet.redis.ask("zrange", "{evalx}:done", "0", "-1", "withscores").split()
    ended = sorted(int(score) / 1000 for token, score in zip(words[::2], words[1::2]) if token in tokens)
    assert len(ended) == count, f"{len(ended)} of {count} submissions ended"
    began, *_, over = (one for one in moments if ended[0] <= one.at <= ended[-1])
    return {"rate": sum(began.at < at <= over.at for at in ended) / (over.at - began.at), **began.until(over)}


def drive_worker():
    cores = two_cores()
    with on(cores[1]), Fleet({"redis": cores[1], "api": cores[1]}, queue_max_depth=10**8) as fleet:
        best = climb(SLOTS, lambda slots: burn(fleet, cores, slots, LOADS["worker"]))
        others = {name: burn(fleet, cores, best["at"], LOADS[name]) for name in ("test", "compile")}
    return {"worker": best, **{name: {**found, "rate": beyond(found, best, name)} for name, found in others.items()}}


def beyond(found, plain, name):
    """What came on top of plain submissions, a second."""
    _, tests, different = LOADS[name]
    return (1 if different else tests - 1) / (1 / found["rate"] - 1 / plain["rate"])


def drive():
    return {"api": drive_api(), "redis": drive_redis(), **drive_worker()}


def main():
    parts = {"": drive, "api": drive_api, "redis": drive_redis, "worker": drive_worker}
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what not in parts:
        sys.exit(__doc__)
    print(json.dumps(parts[what](), indent=2))


if __name__ == "__main__":
    main()
