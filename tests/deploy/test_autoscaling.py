# SPDX-License-Identifier: Apache-2.0
"""What the shipped autoscaler comes to, by the arithmetic of Kubernetes' own (autoscaler.py) with the numbers read from the manifests."""
import copy

import pytest
from autoscaler import SYNC_SECONDS, Run
from manifests import find, helmed, needs_tools, with_components

pytestmark = needs_tools

FLOOD = {second: 500 for second in range(10)}  # 5,000 in 10 s
PHASES = (0, 5, 10, 14)                      # nobody knows when the flood comes between two looks (every 15 s)


@pytest.fixture(scope="module")
def spec():
    return find(with_components("hpa"), "HorizontalPodAutoscaler", "evalx-worker")["spec"]


def test_the_numbers_are_those_asked_for(spec):
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 50)
    depth, running = spec["metrics"]
    assert depth == {"type": "External", "external": {"metric": {"name": "evalx_queue_depth", "selector": {"matchLabels": {"queue": "default"}}},
                                                      "target": {"type": "AverageValue", "averageValue": "10"}}}
    assert running == {"type": "External", "external": {"metric": {"name": "evalx_submissions_running"},
                                                        "target": {"type": "AverageValue", "averageValue": "1"}}}
    assert spec["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 120
    slots = next(v["value"] for v in find(with_components("hpa"), "Deployment", "evalx-worker")["spec"]["template"]["spec"]["containers"][0]["env"]
                 if v["name"] == "EVALX_SLOTS")
    assert running["external"]["target"]["averageValue"] == slots, "a worker runs as many as it has slots"


def test_keda_has_the_same_numbers(spec):
    for objects in (with_components("keda"), helmed("production-values.yaml")):
        keda = find(objects, "ScaledObject", "evalx-worker")["spec"]
        assert keda["scaleTargetRef"] == spec["scaleTargetRef"]
        assert (keda["minReplicaCount"], keda["maxReplicaCount"]) == (spec["minReplicas"], spec["maxReplicas"])
        assert keda["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == spec["behavior"]
        for trigger, metric in zip(keda["triggers"], spec["metrics"], strict=True):
            target = metric["external"]
            assert trigger["metricType"] == target["target"]["type"] and trigger["metadata"]["threshold"] == target["target"]["averageValue"]
            labels = "".join(f'{{{key}="{value}"}}' for key, value in target["metric"].get("selector", {}).get("matchLabels", {}).items())
            assert trigger["metadata"]["query"] == f"max({target['metric']['name']}{labels})"
            assert trigger["metadata"]["ignoreNullValues"] == "false", "no answer is no empty queue: the workers would be sent home"
        assert keda["fallback"]["behavior"] == "currentReplicasIfHigher"


@pytest.mark.parametrize("phase", PHASES)
def test_the_flood(spec, phase):
    run = Run(spec, FLOOD, seconds_each=1, phase=phase).go()
    assert run.done == 5000 and max(run.depths) > 1000
    steps = run.steps()
    top = steps.index(50)
    assert steps[:top + 1] == [2, 12, 36, 50], steps
    assert run.replicas.index(50) <= 10 + 3 * SYNC_SECONDS + SYNC_SECONDS, "at the most within four looks"
    assert steps[top:] == sorted(steps[top:], reverse=True) and steps[-1] == 2 and run.turns() == 1, "up once, down once"
    assert 110 <= run.drained_at <= 180, run.drained_at
    down = next(i for i in range(run.drained_at, run.length) if run.replicas[i] < 50)
    assert down - run.drained_at >= 120 - 2 * SYNC_SECONDS - run.scrape_seconds, "not at the first empty look"
    back = next(i for i in range(run.drained_at, run.length) if run.replicas[i] == 2)
    assert back <= 600, back


@pytest.mark.parametrize("phase", PHASES)
def test_nobody_who_works_is_sent_home_at_the_end_of_a_flood(spec, phase):
    """50 long ones are left when the queue is empty: without the metric of what runs their workers would be told to stop, and each restart or
    node that is lost meanwhile would cost minutes of work."""
    flood = {0: 600}
    run = Run(spec, flood, seconds_each=300, phase=phase, length=6000).go()
    assert run.done == 600 and run.stopped_at_work <= 5 and run.turns() == 1, (run.stopped_at_work, run.steps())
    blind = Run({**spec, "metrics": spec["metrics"][:1]}, flood, seconds_each=300, phase=phase, length=6000).go()
    assert blind.stopped_at_work > 20, "and that metric is what does it"


@pytest.mark.parametrize("rate,seconds_each", [(3, 1), (10, 1), (30, 1), (2, 10), (45, 1)])
def test_a_steady_load_does_not_make_it_flap(spec, rate, seconds_each):
    run = Run(spec, {second: rate for second in range(2400)}, seconds_each=seconds_each, length=2400).go()
    settled = run.replicas[900:]
    assert max(settled) - min(settled) <= max(2, 0.35 * max(settled)), run.steps()
    changes = sum(a != b for a, b in zip(settled, settled[1:]))
    assert changes <= 1500 / 120 * 2, run.steps()
    assert max(run.depths[900:]) <= 10 * max(settled) + rate * 30, "and the queue does not grow"


@pytest.mark.parametrize("away", [(20, 50), (60, 90), (60, 400), (150, 500)])
def test_everything_holds_still_while_prometheus_is_away(spec, away):
    run = Run(spec, FLOOD, seconds_each=1, away=away).go()
    held = run.replicas[away[0]:away[1]]
    assert len(set(held)) == 1, held
    assert run.done == 5000 and run.steps()[-1] == 2 and run.turns() <= 1


def test_one_metric_of_two_that_fails_sends_nobody_home(spec):
    run = Run(spec, FLOOD, seconds_each=1, ignores=("evalx_submissions_running",)).go()
    assert run.done == 5000 and run.replicas[-1] == 50, "grows by the one it sees, and does not shrink by half the truth"


def test_the_simulation_can_tell_good_from_bad(spec):
    """The same flood with Kubernetes' default behaviour is slower, and summing what each replica tells is far too much."""
    slow = copy.deepcopy(spec)
    slow["behavior"]["scaleUp"]["policies"] = [{"type": "Percent", "value": 100, "periodSeconds": 15}, {"type": "Pods", "value": 4, "periodSeconds": 15}]
    usual, ours = (Run(s, FLOOD, seconds_each=1, phase=5).go() for s in (slow, spec))
    assert usual.steps()[:6] == [2, 6, 12, 24, 48, 50] and ours.replicas.index(50) < usual.replicas.index(50)
    nervous = copy.deepcopy(spec)
    nervous["behavior"]["scaleDown"] = {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}
    bursts = {second: 300 for second in range(0, 1200, 60)}
    assert Run(nervous, bursts, seconds_each=1).go().turns() > 5 + Run(spec, bursts, seconds_each=1).go().turns()
