# SPDX-License-Identifier: Apache-2.0
"""docs/scaling.md says what the model computes and what was recorded; and the parts of the control-plane test (../k8s) that can be tried
without one: reading the autoscaler's figures back, and what its behaviour allows."""
import json
import math
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/k8s"), str(ROOT / "bench/scaling")]
import draw  # noqa: E402
import drive  # noqa: E402
import hpa  # noqa: E402
import record  # noqa: E402
from model import LOADS, PARTS, Load, Measured, Model, filled  # noqa: E402

MEASURED = ROOT / "bench/scaling/measured.json"
SPEC = {  # as in deploy/kubernetes/components/hpa
    "minReplicas": 2, "maxReplicas": 50,
    "metrics": [{"external": {"metric": {"name": "evalx_queue_depth"}, "target": {"averageValue": "10"}}},
                {"external": {"metric": {"name": "evalx_submissions_running"}, "target": {"averageValue": "1"}}}],
    "behavior": {"scaleUp": {"selectPolicy": "Max", "stabilizationWindowSeconds": 0,
                             "policies": [{"type": "Percent", "value": 200, "periodSeconds": 15}, {"type": "Pods", "value": 10, "periodSeconds": 15}]},
                 "scaleDown": {"selectPolicy": "Max", "stabilizationWindowSeconds": 120,
                               "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}]}}}


def test_the_page_holds_what_the_model_computes():
    page = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")
    assert filled(page, Model(Measured.read(MEASURED))) == page, "bench/scaling/model.py --write docs/scaling.md"


RECORDS = ("scaling-run", "scaling-faults")


@pytest.mark.parametrize("name", RECORDS)
def test_the_picture_is_of_the_record(name):
    rows = draw.read(ROOT / f"docs/{name}.csv")
    assert draw.picture(rows) == (ROOT / f"docs/{name}.svg").read_text(encoding="utf-8"), "make k8s-draw"


@pytest.mark.parametrize("name", RECORDS)
def test_the_record_is_of_a_flood(name):
    rows = draw.read(ROOT / f"docs/{name}.csv")
    ready = [row["ready"] for row in rows]
    assert (ready[0], max(ready), ready[-1]) == (2, 50, 2)
    depths = [row["depth"] for row in rows if row["depth"] is not None]  # a scrape may come too late for its second
    assert max(depths) > 1000 and rows[-1]["depth"] == 0 and len(depths) > 0.95 * len(rows)


def test_without_prometheus_the_workers_held():
    rows = draw.read(ROOT / "docs/scaling-faults.csv")
    stopped, started = (next(row["second"] for row in rows if f"Prometheus {what}" in row["event"]) for what in ("stopped", "started"))
    assert started - stopped >= 29 and any("worker killed" in row["event"] for row in rows)
    held = {row["replicas"] for row in rows if stopped + 2 <= row["second"] <= started}
    assert len(held) == 1 and held != {2}


def test_a_figure_that_is_not_there_is_no_empty_queue(tmp_path):
    name = 'evalx_queue_depth{queue="default"}'
    assert [record.whole(record.metric(text, name)) for text in (f"{name} 0\n", f"{name} 17\n", "evalx_up 1\n")] == [0, 17, None]
    recorder = record.Recorder.__new__(record.Recorder)  # what it does with rows, without a cluster to make them
    recorder.rows = [dict(zip(record.COLUMNS, values)) for values in ((0, 5, 1, 2, 2, 2, ""), (1, None, None, 2, 2, 2, "Redis away"), (2, 4, 1, 2, 2, 2, ""))]
    assert recorder.peak("depth") == 5
    recorder.write(tmp_path / "gap.csv")
    assert "\n1,,,2,2,2,Redis away" in (tmp_path / "gap.csv").read_text().replace("\r", "")
    assert draw.read(tmp_path / "gap.csv") == recorder.rows and "<svg" in draw.picture(recorder.rows)


def test_a_fleet_is_held_by_the_scarcest_part():
    base = json.loads(MEASURED.read_text(encoding="utf-8")) | {
        "hold": 0.0, "api_cpu": 0.001, "redis_cpu": 0.001, "worker_cpu": 0.01, "test_cpu": 0.0, "compile_cpu": 0.1, "idle_redis_cpu": 0.0, "driven": {}}
    model, sleeps = Model(Measured(**base)), Load("sleeps", wall=1)
    assert model.rate(sleeps, 8) == pytest.approx(8)
    assert model.rate(sleeps, 8, cores=0.012) == pytest.approx(1)
    assert model.rate(sleeps, 5000) == pytest.approx(1000)  # a Redis
    assert Model(Measured(**base | {"hold": 0.25})).rate(sleeps, 8) == pytest.approx(6.4)
    driven = Model(Measured(**base | {"driven": {"redis": {"rate": 4000.0}}}))  # what was driven to its end is known better
    assert driven.rate(sleeps, 5000) == pytest.approx(4000) and driven.need(sleeps, 1000)["redis"] == 1 and model.need(sleeps, 1000)["redis"] == 2


def test_what_is_needed_carries_the_rate():
    model = Model(Measured.read(MEASURED))
    for load in LOADS:
        for rate in (10, 1000):
            need = model.need(load, rate)
            assert need["slots"] / model.slot_seconds(load) >= rate and need["worker_cores"] / model.worker_cpu(load) >= rate
            workers = need["slots"] / 8
            assert need["nodes"] * 16 >= need["worker_cores"] and need["nodes"] * 64 >= need["worker_gib"] >= need["slots"] + workers and need["nodes"] * 110 >= workers
            assert need["redis"] / model.cost("redis") >= rate and need["api_cores"] / model.cost("api") >= rate


def test_what_is_driven_is_driven_to_its_end(monkeypatch):
    """More is asked until it gives no more, and one step beyond; then its best is the best of ROUNDS there."""
    monkeypatch.setattr(drive, "PATIENCE", [0])
    asked = []

    def measure(step):
        asked.append(step)
        return {"rate": min(100 * step, 700) + len(asked), "strangers": 0}
    assert drive.climb(range(9), measure) == {
        "at": 32, "rate": 708, "strangers": 0, "steps": {"1": 101, "2": 202, "4": 403, "8": 704, "16": 705, "32": 706}}
    assert asked == [1, 2, 4, 8, 16, 32] + [32] * (drive.ROUNDS - 1)
    tries = iter([{"rate": 5, "strangers": 0.5}, {"rate": 9, "strangers": 0.1}])
    assert drive.undisturbed(lambda: next(tries))["rate"] == 9  # again when somebody else had the machine


@pytest.mark.parametrize("part", PARTS)
def test_what_was_driven_was_at_its_end(part):
    found = Measured.read(MEASURED).driven[part]
    rates = list(found.get("steps", {}).values())
    assert max(found["core"], found["busy"] + found.get("disk", 0)) >= 0.85 and found["strangers"] < 0.2
    assert not rates or rates[-1] < 1.1 * max(rates[:-1])  # twice as much asked, not a tenth more given


def test_the_depth_is_read_back_from_what_the_autoscaler_shows():
    """It shows value ÷ replicas, rounded up to thousandths."""
    for replicas in range(1, 51):
        for depth in (0, 1, 9, 10, 101, 4711, 4999, 5000):
            shown = f"{math.ceil(depth * 1000 / replicas)}m"
            status = {"currentReplicas": replicas, "currentMetrics": [
                {"type": "External", "external": {"metric": {"name": "evalx_queue_depth"}, "current": {"averageValue": shown}}}]}
            assert hpa.values(status) == {"evalx_queue_depth": depth}


@pytest.mark.parametrize("depth, running, replicas, asked", [
    (4978, 2, 2, 498), (0, 0, 50, 0), (1, 2, 2, 2), (101, 4, 4, 11), (0, 13, 50, 13),
    (105, 0, 10, 10), (480, 51, 50, 50),  # within the tolerance of a tenth: as many as there are
])
def test_what_the_metrics_ask_for(depth, running, replicas, asked):
    assert hpa.proposal(SPEC, {"evalx_queue_depth": depth, "evalx_submissions_running": running}, replicas) == asked


def test_what_the_behaviour_allows_over_a_flood():
    replay, current, seen = hpa.Replay(SPEC), 2, [2]
    for second in range(0, 600, 16):  # a little more than the syncs' 15 s, so that no period ends at one
        asked = 498 if second < 120 else 0
        allowed = replay.expected(second, current, asked)
        assert len(allowed) <= 2
        new = max(allowed) if asked > current else min(allowed)
        replay.done(second, current, asked, new)
        current = new
        if current != seen[-1]:
            seen.append(current)
    assert seen == [2, 12, 36, 50, 25, 12, 6, 3, 2]
