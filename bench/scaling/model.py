#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a fleet carries, and what a rate needs, computed from what was measured (measured.json, by measure.py). docs/scaling.md explains it.

    bench/scaling/model.py                                              the tables of docs/scaling.md
    bench/scaling/model.py --rate 300 --tests 10 --seconds 0.2 --cpu 0.2 --compiled 0.5    what your load needs
    bench/scaling/model.py --write docs/scaling.md                      puts the tables where the page has them
"""
import argparse
import dataclasses
import json
import math
import re
from pathlib import Path

HEADROOM = 0.7  # of a core or a slot that is planned with: the rest is for peaks, for deploys and for a machine that is lost
REDIS_HEADROOM = 0.5  # of the one core that a Redis uses: its latency grows steeply past that, and rewriting its file takes some too
RETENTION = 3600  # seconds; Redis keeps as many times this as store.retention is longer
REDIS_SPARE = 1.5  # times what submissions take: while its file is rewritten, changed pages are there twice
NODE_CORES, NODE_GIB, NODE_PODS = 16, 64, 110  # the last: kubelet's default
SLOTS_A_WORKER = 8  # in large fleets: each worker, whatever its slots, asks its Redis for work
SLOT_GIB, WORKER_GIB = 1, 1  # as the manifests have it: limits.max_memory_kb for each slot, and as much for evalx, compilers and files
RATES = (1000, 100000)
PARTS = {  # what was measured by CPU seconds, and may have been driven to its end as well
    "api": "a core of `evalx api`: submissions, each read once",
    "redis": "a Redis: submissions, over their whole life",
    "worker": "a core of workers: submissions of a program that does nothing",
    "test": "a core of workers: further test cases of it",
    "compile": "a core of workers: compilations of a small C program",
}


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
    driven: dict = dataclasses.field(default_factory=dict)  # by part: its rate at its end, and who was how busy there (drive.py); {}: not driven

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
    def cost(self, part):
        """Seconds of one that is busy, where it was driven: it then does at a time what it does one by one when it is not. Else CPU seconds."""
        return 1 / self.m.driven[part]["rate"] if part in self.m.driven else getattr(self.m, f"{part}_cpu")

    def slot_seconds(self, load):
        """How long a worker with one slot is busy with it."""
        return self.m.hold + load.tests * load.wall + (load.tests - 1) * self.m.test_cpu + load.compiled * self.m.compile_cpu

    def worker_cpu(self, load):
        return self.cost("worker") + (load.tests - 1) * self.cost("test") + load.tests * load.cpu + load.compiled * self.cost("compile")

    # ---- what a fleet carries, all of it on one machine or each part on its own ----
    def rate(self, load, workers, slots=1, cores=math.inf):
        """Submissions a second of so many workers around one Redis; cores: that all processes share."""
        by_slots = workers * slots / self.slot_seconds(load)
        by_redis = (1 - workers * self.m.idle_redis_cpu) / self.cost("redis")
        by_cores = cores / (self.cost("api") + self.cost("redis") + self.worker_cpu(load))
        return min(by_slots, by_redis, by_cores)

    # ---- what a rate needs ----
    def need(self, load, rate):
        slots = math.ceil(rate * self.slot_seconds(load) / HEADROOM)
        cores = math.ceil(rate * self.worker_cpu(load) / HEADROOM)
        workers = math.ceil(slots / SLOTS_A_WORKER)
        memory = slots * SLOT_GIB + workers * WORKER_GIB
        redis = rate * self.cost("redis") + workers * self.m.idle_redis_cpu
        return {
            "rate": rate, "load": load.name, "redis": math.ceil(redis / REDIS_HEADROOM),
            "api_cores": math.ceil(rate * self.cost("api") / HEADROOM), "slots": slots, "worker_cores": cores,
            "nodes": math.ceil(max(cores / NODE_CORES, memory / NODE_GIB, workers / NODE_PODS)), "worker_gib": memory,
            "redis_gib": rate * RETENTION * self.m.redis_bytes * REDIS_SPARE / 2**30,
        }


def table(heads, rows):
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (heads, ["---"] * len(heads), *rows)) + "\n"


def driven_columns(part, at):
    """Its rate at its end; and what shows that it was: how busy it kept its core, whoever kept it, and how much was asked of it."""
    if not at:
        return "–", "–", "–", "–"
    asked = {"redis": "claims at a time", "worker": "slots", "test": "slots", "compile": "slots"}.get(part, "connections")
    itself = f"{at['busy']:.0%}" + (f", and {at['disk']:.0%} syncing" if "disk" in at else "")
    return f"{at['rate']:,.0f}", itself, f"{at['core']:.0%}", f"{at['at'] * at.get('times', 1):,} {asked}; the other core {at['other']:.0%}, others' programs {at['strangers']:.0%}"


def limits_text(model):
    rows = [(what, f"{1 / getattr(model.m, f'{part}_cpu'):,.0f}", *driven_columns(part, model.m.driven.get(part))) for part, what in PARTS.items()]
    rows.insert(1, ("a replica of `evalx api` with the four handler threads it comes with", "–", *driven_columns("replica", model.m.driven.get("replica"))))
    rows.append(("a slot: submissions of a program that sleeps 1 s", "–", f"{1 / (1 + model.m.hold):,.2f}", "–", "–", "it always had one waiting"))
    heads = ("one of these", "carries a second, by CPU seconds", "driven to its end", "its share of its core there", "the core in all", "at")
    return f"Measured on {model.m.machine}.\n\n" + table(heads, rows)


def needs_text(model, loads, rates):
    rows = []
    for rate in rates:
        for load in loads:
            need = model.need(load, rate)
            rows.append((f"{rate:,.0f}", load.name, f"{need['redis']:,}", f"{need['redis_gib']:,.0f} GiB", f"{need['api_cores']:,}",
                         f"{need['slots']:,}", f"{need['worker_cores']:,}", f"{need['worker_gib']:,} GiB", f"{need['nodes']:,}"))
    return table(("a second", "of which each", "Redis, one queue each", "their memory, an hour kept", "API cores", "slots", "worker cores",
                  "worker memory", f"worker nodes of {NODE_CORES} cores, {NODE_GIB} GiB"), rows)


def texts(model):
    """The parts of the page, by the names of their marks."""
    return {"limits": limits_text(model), "needs": needs_text(model, LOADS, RATES)}


def filled(page, model):
    """The page with its parts, each between <!-- model: NAME --> and <!-- end -->, as they should be."""
    for name, text in texts(model).items():
        page, count = re.subn(rf"(<!-- model: {name} -->\n).*?(<!-- end -->)", lambda m, text=text: m[1] + text + m[2], page, flags=re.S)
        if count != 1:
            raise ValueError(f"the page has no part {name}")
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measured", default=str(Path(__file__).with_name("measured.json")))
    parser.add_argument("--write", metavar="PAGE")
    parser.add_argument("--rate", type=float, help="submissions a second")
    parser.add_argument("--tests", type=int, default=1, help="test cases of each")
    parser.add_argument("--seconds", type=float, default=1, help="wall time of a test case")
    parser.add_argument("--cpu", type=float, default=0, help="CPU time of a test case")
    parser.add_argument("--compiled", type=float, default=0, help="share of submissions that are compiled anew")
    given = parser.parse_args()
    model = Model(Measured.read(given.measured))
    if given.write:
        page = Path(given.write)
        page.write_text(filled(page.read_text(encoding="utf-8"), model), encoding="utf-8")
    elif given.rate:
        load = Load(f"{given.tests} tests of {given.seconds:g} s", given.tests, given.seconds, given.cpu, given.compiled)
        print(needs_text(model, [load], [given.rate]), end="")
    else:
        print("\n".join(texts(model).values()), end="")


if __name__ == "__main__":
    main()
