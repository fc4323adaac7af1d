#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures on this machine what the model needs, and holds its predictions against what fleets of 2, 8 and 32 workers really do.

    bench/scaling/measure.py measure [FILE]     writes measured.json (beside this file, or FILE), with what drive.py finds
    bench/scaling/measure.py check              measures anew, predicts, measures the fleets; fails past 15 %. Last line: N passed, N failed, N skipped

As root (workers build sandboxes). Everything runs on loopback: Redis with appendfsync always, one api, the workers with one slot each.
"""
import dataclasses
import json
import os
import statistics
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from drive import drive  # noqa: E402
from fleet import Fleet, c_program, finished, machine, sleeper, wait_until  # noqa: E402
from model import Load, Measured, Model  # noqa: E402

FLEETS = (2, 8, 32)
TOLERANCE = 0.15
SLEEP = 1.0  # seconds that the programs of the fleets sleep
WAVES = 8  # submissions for each worker
BUSY, IDLE = 4, 12  # workers while costs are measured, and while nothing happens


def rate(fleet, workers):
    """Submissions a second while all workers are busy: from the end of the first wave to the end of the last."""
    times = sorted(finished(one) for one in fleet.run(sleeper(SLEEP), workers * WAVES, threads=8))
    return (len(times) - workers) / (times[-1] - times[workers - 1])


def spent(fleet, body, count, threads=16):
    """CPU a submission, by who spent it; and bytes of Redis."""
    before, memory = fleet.costs(), fleet.memory()
    fleet.run(body, count, threads)
    return {name: (value - before[name]) / count for name, value in fleet.costs().items()} | {"bytes": (fleet.memory() - memory) / count}


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
    measured = dataclasses.replace(measure(), driven=drive())
    path.write_text(json.dumps(measured.__dict__, indent=2) + "\n", encoding="utf-8")
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
