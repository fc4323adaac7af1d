# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of Kubernetes' HorizontalPodAutoscaler (autoscaling/v2, External metrics, AverageValue, behavior), and a cluster in one second
steps for it to scale: a queue, workers that take one submission each, a Prometheus that looks every few seconds and may be away.

What the real controller makes of the same manifest is make k8s-test's matter; this is quick, and can be asked what would happen."""
import math
from dataclasses import dataclass, field

SYNC_SECONDS, TOLERANCE = 15, 0.1  # kube-controller-manager's own


@dataclass
class Autoscaler:
    """spec: that of the HorizontalPodAutoscaler."""
    spec: dict
    replicas: int = 2
    recommendations: list = field(default_factory=list)  # (time, replicas)
    changes: list = field(default_factory=list)          # (time, by how many)

    def proposed(self, metrics):
        """By the metrics alone: {name: value or None for none}. None when nothing can be said."""
        proposals, failed = [], 0
        for metric in self.spec["metrics"]:
            value = metrics.get(metric["external"]["metric"]["name"])
            target = float(metric["external"]["target"]["averageValue"])
            assert metric["type"] == "External" and metric["external"]["target"]["type"] == "AverageValue"
            if value is None:
                failed += 1
            elif self.replicas and abs(1 - value / (target * self.replicas)) <= TOLERANCE:
                proposals.append(self.replicas)
            else:
                proposals.append(math.ceil(value / target))
        if not proposals or (failed and max(proposals) < self.replicas):
            return None
        return max(proposals)

    def stabilised(self, now, wanted):
        windows = {way: self.spec["behavior"][way]["stabilizationWindowSeconds"] for way in ("scaleUp", "scaleDown")}
        up = min([wanted] + [r for t, r in self.recommendations if t > now - windows["scaleUp"]])
        down = max([wanted] + [r for t, r in self.recommendations if t > now - windows["scaleDown"]])
        self.recommendations = [(t, r) for t, r in self.recommendations if t > now - 3600] + [(now, wanted)]
        return min(max(self.replicas, up), down)

    def bound(self, now, way, sign):
        """How far the policies let it go in one direction."""
        rules, bounds = self.spec["behavior"][way], []
        for policy in rules["policies"]:
            start = self.replicas - sum(by for t, by in self.changes if t > now - policy["periodSeconds"])
            if policy["type"] == "Pods":
                bounds.append(start + sign * policy["value"])
            else:
                exact = start * (1 + sign * policy["value"] / 100)
                bounds.append(math.ceil(exact) if sign > 0 else int(exact))
        assert rules["selectPolicy"] == "Max"
        return max(bounds) if sign > 0 else min(bounds)

    def sync(self, now, metrics):
        wanted = self.proposed(metrics)
        if wanted is None:
            return
        wanted = min(max(wanted, self.spec["minReplicas"]), self.spec["maxReplicas"])
        wanted = self.stabilised(now, wanted)
        if wanted > self.replicas:
            wanted = min(wanted, max(self.bound(now, "scaleUp", 1), self.replicas))
        elif wanted < self.replicas:
            wanted = max(wanted, min(self.bound(now, "scaleDown", -1), self.replicas))
        wanted = min(max(wanted, self.spec["minReplicas"]), self.spec["maxReplicas"])
        if wanted != self.replicas:
            self.changes.append((now, wanted - self.replicas))
            self.replicas = wanted


@dataclass
class Pod:
    ready_at: int
    busy_until: int = 0  # with one submission; 0: idle
    stopping: bool = False


@dataclass
class Run:
    """A flood and what came of it, second by second."""
    spec: dict
    arrivals: dict                        # second → how many
    seconds_each: int
    start_seconds: int = 8                # from a pod's creation to its first claim
    scrape_seconds: int = 5
    phase: int = 0                        # of the autoscaler's clock
    away: tuple = (0, 0)                  # Prometheus, from and until
    ignores: tuple = ()                   # metrics that are not served
    length: int = 1500

    def go(self):
        scaler = Autoscaler(self.spec)
        pods = [Pod(0) for _ in range(scaler.replicas)]
        waiting = done = 0
        seen = {}
        self.replicas, self.depths, self.stopped_at_work, self.drained_at, self.done = [], [], 0, None, 0
        for now in range(self.length):
            waiting += self.arrivals.get(now, 0)
            for pod in pods:
                if pod.busy_until and pod.busy_until <= now:
                    pod.busy_until, done = 0, done + 1
            pods = [pod for pod in pods if not (pod.stopping and not pod.busy_until)]
            for pod in pods:
                if waiting and not pod.stopping and not pod.busy_until and pod.ready_at <= now:
                    pod.busy_until, waiting = now + self.seconds_each, waiting - 1
            running = sum(pod.busy_until > 0 for pod in pods)
            if now % self.scrape_seconds == 0:
                seen = {"evalx_queue_depth": waiting, "evalx_submissions_running": running}
            is_away = self.away[0] <= now < self.away[1]
            if now % SYNC_SECONDS == self.phase:
                scaler.sync(now, {} if is_away else {name: value for name, value in seen.items() if name not in self.ignores})
                alive = [pod for pod in pods if not pod.stopping]
                pods += [Pod(now + self.start_seconds) for _ in range(scaler.replicas - len(alive))]
                for pod in sorted(alive, key=lambda pod: -pod.ready_at)[:max(0, len(alive) - scaler.replicas)]:  # newest first, whatever they do
                    pod.stopping = True
                    self.stopped_at_work += pod.busy_until > 0
            self.replicas.append(scaler.replicas)
            self.depths.append(waiting)
            if self.drained_at is None and done == sum(self.arrivals.values()):
                self.drained_at = now
        self.done = done
        return self

    def steps(self):
        """The numbers of replicas one after the other, without repeats, from the least on."""
        numbers = [self.spec["minReplicas"], *self.replicas]
        return [n for i, n in enumerate(numbers) if i == 0 or n != numbers[i - 1]]

    def turns(self):
        """How often it changed its mind between up and down."""
        signs = [b > a for a, b in zip(self.steps(), self.steps()[1:])]
        return sum(a != b for a, b in zip(signs, signs[1:]))
