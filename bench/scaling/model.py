#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a fleet carries, and what a rate needs, computed from what was measured (measured.json, by measure.py). docs/scaling.md explains it.

    bench/scaling/model.py [--measured FILE] [--rate 1000 --seconds 1 --cpu 0.05 --tests 10]     without --rate: the tables of docs/scaling.md
"""
import argparse
import dataclasses
import json
import math
from pathlib import Path

HEADROOM = 0.7  # of a core or a slot that is planned with: the rest is for peaks, for deploys and for a machine that is lost
REDIS_HEADROOM = 0.5  # of the one core that a Redis uses: its latency grows steeply past that, and rewriting its file takes some too
RETENTION = 24 * 3600  # seconds: store.retention
NODE_CORES = 16


@dataclasses.dataclass(frozen=True)
class Measured:
    """Seconds and bytes, of one submission with one test case unless it says otherwise."""
    hold: float  # that a slot is taken beyond the program's own time: claim, box, comparing, completing
    api_cpu: float  # CPU of evalx api: taking it, and reading its result once
    redis_cpu: float  # CPU of Redis, over the submission's whole life
    worker_cpu: float  # CPU of evalx worker and its sandbox, a trivial compiled program included
    test_cpu: float  # CPU of each further test case, the same program
    compile_cpu: float  # CPU of compiling a small C program, when it is not in the artifact cache
    redis_bytes: float  # that a finished submission takes in Redis
    idle_redis_cpu: float  # CPU of Redis for one idle worker, each second
    api_memory: float  # of a process, at rest
    worker_memory: float
    machine: str = ""

    @classmethod
    def read(cls, path):
        return cls(**json.loads(Path(path).read_text(encoding="utf-8")))


@dataclasses.dataclass(frozen=True)
class Load:
    """What is submitted."""
    name: str
    tests: int = 1
    wall: float = 1.0  # seconds a test case takes
    cpu: float = 0.0  # seconds of CPU of its program in a test case
    compiled: float = 0.0  # share of submissions that must be compiled anew


LOADS = (
    Load("sleeps 1 s", wall=1),
    Load("small: 1 test of 10 ms", wall=0.01, cpu=0.01),
    Load("exercise: 10 tests of 50 ms, half compiled anew", tests=10, wall=0.05, cpu=0.05, compiled=0.5),
    Load("contest: 40 tests of 250 ms, all compiled anew", tests=40, wall=0.25, cpu=0.25, compiled=1),
)


class Model:
    def __init__(self, measured):
        self.m = measured

    # ---- of one submission ----
    def slot_seconds(self, load):
        """How long a worker with one slot is busy with it."""
        return self.m.hold + load.tests * load.wall + (load.tests - 1) * self.m.test_cpu + load.compiled * self.m.compile_cpu

    def worker_cpu(self, load):
        return self.m.worker_cpu + (load.tests - 1) * self.m.test_cpu + load.tests * load.cpu + load.compiled * self.m.compile_cpu

    # ---- what a fleet carries, all of it on one machine or each part on its own ----
    def rate(self, load, workers, slots=1, cores=math.inf):
        """Submissions a second of so many workers around one Redis; cores: that all processes share."""
        by_slots = workers * slots / self.slot_seconds(load)
        by_redis = (1 - workers * self.m.idle_redis_cpu) / self.m.redis_cpu
        by_cores = cores / (self.m.api_cpu + self.m.redis_cpu + self.worker_cpu(load))
        return min(by_slots, by_redis, by_cores)

    def limits(self):
        """What one of each carries when it is all that limits: submissions a second."""
        return {"one core of evalx api": 1 / self.m.api_cpu, "one Redis": 1 / self.m.redis_cpu, "one core of evalx worker": 1 / self.m.worker_cpu,
                "one core of evalx worker, further test cases": 1 / self.m.test_cpu}

    # ---- what a rate needs ----
    def need(self, load, rate):
        slots = math.ceil(rate * self.slot_seconds(load) / HEADROOM)
        cores = math.ceil(rate * self.worker_cpu(load) / HEADROOM)
        return {
            "rate": rate, "load": load.name, "redis": math.ceil(rate * self.m.redis_cpu / REDIS_HEADROOM),
            "api_cores": math.ceil(rate * self.m.api_cpu / HEADROOM), "slots": slots, "worker_cores": cores,
            # Programs that wait share cores, others do not: a slot more than there are cores makes their times uneven.
            "nodes": math.ceil(cores / NODE_CORES), "slots_a_core": max(1, slots / cores),
            "redis_gib": rate * RETENTION * self.m.redis_bytes * 1.5 / 2**30,
        }


def table(heads, rows):
    print("| " + " | ".join(heads) + " |")
    print("|" + " --- |" * len(heads))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print()


def show(model, loads, rates):
    print(f"Measured on: {model.m.machine}\n")
    table(("one", "carries, submissions a second"), [(name, f"{value:,.0f}") for name, value in model.limits().items()])
    rows = []
    for rate in rates:
        for load in loads:
            need = model.need(load, rate)
            rows.append((f"{rate:,}", load.name, f"{need['redis']:,}", f"{need['redis_gib']:,.0f} GiB", f"{need['api_cores']:,}", f"{need['slots']:,}",
                         f"{need['worker_cores']:,}", f"{need['nodes']:,}"))
    table(("a second", "load", "Redis (queues)", "memory of all Redis, 24 h", "API cores", "slots", "worker cores", f"worker nodes of {NODE_CORES}"), rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--measured", default=str(Path(__file__).with_name("measured.json")))
    parser.add_argument("--rate", type=float)
    parser.add_argument("--seconds", type=float, default=1, help="wall time of a test case")
    parser.add_argument("--cpu", type=float, default=0, help="CPU time of a test case")
    parser.add_argument("--tests", type=int, default=1)
    parser.add_argument("--compiled", type=float, default=0, help="share of submissions that are compiled anew")
    given = parser.parse_args()
    model = Model(Measured.read(given.measured))
    if given.rate:
        show(model, [Load("as given", given.tests, given.seconds, given.cpu, given.compiled)], [given.rate])
    else:
        show(model, LOADS, (1000, 100000))


if __name__ == "__main__":
    main()
