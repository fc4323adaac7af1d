# SPDX-License-Identifier: Apache-2.0
"""What the autoscaler did, from its own log and status, and what it should have done by the manifest: written once more, from the
definition of autoscaling/v2, so that the two can be held against each other at every sync."""
import dataclasses
import datetime
import math
import re

TOLERANCE = 0.1  # the controller's: metrics this near to the target change nothing
SLACK = 1.0  # seconds by which a log's times and the controller's own may differ at the edge of a period
LINE = re.compile(r"^[IWE](\d{4} \d\d:\d\d:\d\d\.\d+) +\d+ \S+\] \"([^\"]+)\"(.*)$")


@dataclasses.dataclass
class Sync:
    time: float  # wall clock
    proposed: int  # by the metrics
    current: int = 0  # replicas
    desired: int = 0  # after limits
    status: dict = None  # the object's, as it was written by this sync


def syncs_of(log, name, since):
    """The syncs of one target in the controllers' log. current and desired are filled in by the line that follows a proposal."""
    found = []
    for line in log.read_text(errors="replace").splitlines():
        match = LINE.match(line)
        if not match:
            continue
        stamp, what, rest = match.groups()
        moment = datetime.datetime.strptime(f"{datetime.datetime.now(datetime.timezone.utc).year}{stamp}", "%Y%m%d %H:%M:%S.%f").astimezone().timestamp()
        fields = dict(re.findall(r'(\w+)="?([^" ]+)', rest))
        if moment < since:
            continue
        if what == "Proposing desired replicas" and fields["scaleTarget"].endswith("/" + name):
            found.append(Sync(moment, int(fields["desiredReplicas"])))
        elif found and what == "Successfully rescaled" and fields["HPA"].endswith("/" + name):
            found[-1].current, found[-1].desired = int(fields["currentReplicas"]), int(fields["desiredReplicas"])
        elif found and what == "Decided not to scale" and fields["scaleTarget"].endswith("/" + name):
            found[-1].current = found[-1].desired = int(fields["desiredReplicas"])
    return found


def join(syncs, updates):
    """Gives each sync the status it wrote: the first that was seen after it and before the next; the last one when it wrote none, having
    nothing to change. updates: (time, object)"""
    for i, sync in enumerate(syncs):
        end = syncs[i + 1].time if i + 1 < len(syncs) else math.inf
        own = [item for moment, item in updates if sync.time - 0.05 <= moment < end - 0.05]
        earlier = [item for moment, item in updates if moment < sync.time]
        item = own[0] if own else earlier[-1] if earlier else None
        sync.status = item and item["status"]


def quantity(text):
    """Milli-units of a quantity as the API writes it."""
    units = {"m": 1, "": 1000, "k": 10**6, "M": 10**9}
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text).groups()
    return round(float(number) * units[unit])


def values(status):
    """metric → its value at this sync. The object holds value ÷ replicas in thousandths, rounded up: enough to have a whole number back."""
    replicas = status["currentReplicas"]
    return {one["external"]["metric"]["name"]: math.floor(quantity(one["external"]["current"]["averageValue"]) * replicas / 1000 + 1e-9)
            if replicas else 0 for one in status.get("currentMetrics") or [] if one.get("type") == "External"}


def proposal(spec, metrics, replicas):
    """What the metrics ask for: of each, value ÷ target, rounded up, but nothing new within the tolerance; of all, the most."""
    asked = []
    for one in spec["metrics"]:
        target = quantity(one["external"]["target"]["averageValue"])
        value = metrics[one["external"]["metric"]["name"]] * 1000
        near = replicas and abs(value / (target * replicas) - 1) <= TOLERANCE
        asked.append(replicas if near else math.ceil(value / target))
    return max(asked)


class Replay:
    """The behaviour section over a run: what may be added and taken away, how long the most that was asked for is remembered."""

    def __init__(self, spec):
        self.spec, self.asked, self.changes = spec, [], []  # (time, replicas), (time, change)

    def _limit(self, now, current, rules, direction, slack):
        def changed(seconds, sign):
            return sum(abs(by) for moment, by in self.changes if moment > now - seconds + slack and by * sign > 0)
        limits = []
        for policy in rules["policies"]:
            begin = current - changed(policy["periodSeconds"], 1) + changed(policy["periodSeconds"], -1)
            if policy["type"] == "Pods":
                limits.append(begin + direction * policy["value"])
            elif direction > 0:
                limits.append(math.ceil(begin * (1 + policy["value"] / 100)))
            else:
                limits.append(int(begin * (1 - policy["value"] / 100)))
        most = rules.get("selectPolicy", "Max") == "Max"
        return (max if most == (direction > 0) else min)(limits)

    def expected(self, now, current, asked):
        """All numbers of replicas that are right: more than one where a period ends just then."""
        return {self._expected(now, current, asked, slack) for slack in (-SLACK, 0, SLACK)}

    def _expected(self, now, current, asked, slack):
        behaviour, least, most = self.spec["behavior"], self.spec["minReplicas"], self.spec["maxReplicas"]
        window = behaviour["scaleDown"]["stabilizationWindowSeconds"]
        remembered = max([asked, *(number for moment, number in self.asked if moment > now - window + slack)])
        wanted = asked if asked > current else min(current, remembered)
        if wanted > current:
            return max(current, min(wanted, most, self._limit(now, current, behaviour["scaleUp"], 1, slack)))
        if wanted < current:
            return min(current, max(wanted, least, self._limit(now, current, behaviour["scaleDown"], -1, slack)))
        return current

    def done(self, now, current, asked, desired):
        self.asked.append((now, asked))
        if desired != current:
            self.changes.append((now, desired - current))
