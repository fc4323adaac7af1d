# SPDX-License-Identifier: Apache-2.0
"""The proof that evalx scales itself: a flood on a real control plane, watched from 2 workers to 50 and back; then again with a worker
killed and Prometheus away in its middle. Prints what it checks; the last line is `N passed, N failed, N skipped`.

    tests/k8s/rig.sh python3 tests/k8s/run.py [--count 5000] [--seconds 1] [--runs plain,faults]
"""
import argparse
import concurrent.futures
import contextlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time

import hpa
import image
import requests
from cluster import BIN
from processes import RigError, wait_until
from record import Recorder, metric
from rig import HERE, Rig, ends_on_signals

TARGET = "evalx-worker"
OUTAGE = 30  # seconds without Prometheus
REPORTS = image.BUILD / "k8s"


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def that(self, what, right, detail=""):
        self.passed += bool(right)
        self.failed += not right
        print(f"{'PASS' if right else 'FAIL'}  {what}{f': {detail}' if detail and not right else ''}", flush=True)

    def line(self, skipped=0):
        return f"{self.passed} passed, {self.failed} failed, {skipped} skipped"


class Flood:
    """wrk, and the tokens of what it handed in."""

    def __init__(self, url, count, seconds, name, folder):
        self.count, self.tokens_file = count, folder / f"{name}.tokens"
        environment = {**os.environ, "FLOOD_COUNT": str(count), "FLOOD_RUN": f"{name}-{time.time_ns()}", "FLOOD_SECONDS": str(seconds),
                       "FLOOD_TOKENS": str(self.tokens_file)}
        wrk = subprocess.Popen(["wrk", "-t1", "-c32", "-d240s", "--timeout", "30s", "-s", str(HERE / "flood.lua"), url],
                               env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said, told = [], None
        for line in wrk.stdout:
            said.append(line)
            told = re.search(r"TAKEN (\d+) REFUSED (\d+)", line)
            if told:
                wrk.send_signal(signal.SIGINT)
                break
        wrk.communicate(timeout=60)
        if not told:
            raise RigError("wrk did not finish:\n" + "".join(said))
        self.taken, self.refused = map(int, told.groups())

    def tokens(self):
        return self.tokens_file.read_text().split()


class Executions:
    """Counted where they happen: in the logs of all workers, also of those that are gone."""

    EVENTS = ("submission.started", "submission.completed", "submission.released", "submission.dropped")

    def __init__(self, rig):
        self.rig, self.before = rig, None
        self.before = self._count()

    def _count(self):
        found = dict.fromkeys(self.EVENTS, 0)
        for log in (self.rig.folder / "logs").glob(f"{TARGET}-*.log"):
            for line in log.read_text(errors="replace").splitlines():
                with contextlib.suppress(ValueError):
                    event = json.loads(line).get("event")
                    if event in found:
                        found[event] += 1
        return found

    def since(self):
        return {name: number - self.before[name] for name, number in self._count().items()}


class Run:
    """One flood, from quiet to quiet."""

    def __init__(self, rig, checks, arguments, name):
        self.rig, self.checks, self.arguments, self.name = rig, checks, arguments, name
        self.faults = name == "faults"
        self.url = f"http://{rig.names.services[('evalx', 'evalx-api')]['clusterIP']}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.spec = rig.cluster.admin.get(f"/apis/autoscaling/v2/namespaces/evalx/horizontalpodautoscalers/{TARGET}")["spec"]
        self.least, self.most = self.spec["minReplicas"], self.spec["maxReplicas"]
        self.interrupted, self.outage = 0, None

    # ---- the course of it ----
    def go(self):
        self.rig.say(f"run {self.name}: waiting for {self.least} workers and the autoscaler's first figures")
        wait_until(self._quiet, 300, "quiet before the flood", pause=1)
        self.accepted_before = self._accepted()
        self.killed_before, self.ended_before = len(self.rig.killed), len(self.rig.ended)
        self.executions = Executions(self.rig)
        self.record = Recorder(self.rig, self.url, TARGET)
        try:
            self._flood()
            self._watch()
        finally:
            self.record.stop()
            self.record.write(REPORTS / f"{self.name}.csv")
        self._judge()

    def _quiet(self):
        found = self.rig.cluster.admin.get(f"/apis/autoscaling/v2/namespaces/evalx/horizontalpodautoscalers/{TARGET}")
        active = any(one["type"] == "ScalingActive" and one["status"] == "True" for one in found["status"].get("conditions") or [])
        return active and found["status"].get("desiredReplicas") == self.least == len(self.rig.pods("worker"))

    def _accepted(self):
        """Submissions that the API acknowledged, by its own count, over all replicas."""
        name = 'evalx_http_requests_total{route="/execute-batch",code="202"}'
        return sum(metric(self.session.get(f"http://{pod.address}:2358/metrics", timeout=5).text, name) or 0 for pod in self.rig.pods("api"))

    def _flood(self):
        self.record.note(f"flood of {self.arguments.count}")
        began = time.monotonic()
        self.flood = Flood(self.url, self.arguments.count, self.arguments.seconds, self.name, self.rig.folder)
        self.rig.say(f"wrk: {self.flood.taken} taken, {self.flood.refused} refused, in {time.monotonic() - began:.1f} s")

    def _watch(self):
        trouble = None
        if self.faults:
            wait_until(lambda: self.record.last()["desired"] > self.least, 120, "the first scaling up", pause=0.1)
            trouble = threading.Thread(target=self._trouble, daemon=True)
            trouble.start()
        work = self.arguments.count * self.arguments.seconds
        wait_until(lambda: self.record.last()["depth"] == 0 and self.record.last()["running"] == 0 and self.record.rows[-1]["second"] > 15,
                   240 + work / 5, "the backlog to burn down", pause=1)
        self.record.note("drained")
        if trouble:
            trouble.join(120)
        wait_until(lambda: self.record.last()["ready"] == self.record.last()["replicas"] == self.least, 700,
                   f"{self.least} workers again", pause=1)
        self.record.note("back at rest")
        time.sleep(2)  # two rows more, so that the record shows it

    def _trouble(self):
        """Prometheus away for half a minute, and a worker killed meanwhile."""
        scale = "/apis/apps/v1/namespaces/evalx-metrics/deployments/prometheus/scale"
        client = self.rig.cluster.admin.copy()
        client.patch(scale, {"spec": {"replicas": 0}})
        wait_until(lambda: not [pod for node in self.rig.nodes for pod in list(node.pods.values()) if pod.name.startswith("prometheus-")],
                   60, "Prometheus to be gone")
        gone = time.time()
        self.record.note("Prometheus stopped")
        time.sleep(OUTAGE / 3)
        victim = self.rig.pods("worker")[0]
        victim.container.kill()
        self.interrupted = self.arguments.slots
        self.record.note("a worker killed")
        time.sleep(max(0, gone + OUTAGE - time.time()))
        self.outage = (gone, time.time())
        client.patch(scale, {"spec": {"replicas": 1}})
        self.record.note("Prometheus started")

    # ---- what is asked of it ----
    def _judge(self):
        count, rows = self.arguments.count, self.record.rows
        that = self.checks.that
        that(f"{self.name}: all {count} were taken, none refused", (self.flood.taken, self.flood.refused) == (count, 0),
             f"{self.flood.taken} taken, {self.flood.refused} refused")
        self._judge_submissions()
        peak = self.record.peak("depth")
        that(f"{self.name}: /metrics showed a depth of more than {count // 5}", peak > count // 5, f"at most {peak}")
        expected = self.most if count >= 5000 else None
        for column in ("desired", "replicas", "ready"):
            most = self.record.peak(column)
            that(f"{self.name}: {column} rose from {self.least} to {expected or 'more'} and is {self.least} again",
                 rows[0][column] == self.least and (most == expected if expected else most > self.least) and rows[-1][column] == self.least,
                 f"{rows[0][column]} → {most} → {rows[-1][column]}")
        self._judge_autoscaler()
        if self.faults:
            self._judge_outage()
        told = [name for name in self.rig.killed[self.killed_before:] if name.startswith(TARGET)]
        that(f"{self.name}: every worker that was told to stop did so by itself", not told, f"killed after their grace: {told}")
        bad = [(name, code) for name, code in self.rig.ended[self.ended_before:] if name.startswith(TARGET) and code != 0]
        that(f"{self.name}: and ended with 0", not bad, bad)

    def _judge_submissions(self):
        count, that = self.arguments.count, self.checks.that
        tokens = self.flood.tokens()
        that(f"{self.name}: the API counts {count} acknowledgements", self._accepted() - self.accepted_before == count,
             f"{self._accepted() - self.accepted_before:.0f}")
        that(f"{self.name}: each has a token of its own", len(set(tokens)) == count, f"{len(set(tokens))} different tokens")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            documents = list(pool.map(self._read, tokens))
        right = [one for one in documents if one["status"] == "completed" and one["verdict"] == "accepted"]
        that(f"{self.name}: {count} of {count} completed and accepted", len(right) == count,
             f"{len(right)}; others: {[(one['token'], one['status'], one.get('verdict')) for one in documents if one not in right][:5]}")
        printed = sorted(int(one["results"][0]["stdout"]) for one in right)
        that(f"{self.name}: each printed its own number", printed == list(range(1, count + 1)), f"{len(set(printed))} different numbers")
        done = self.executions.since()
        self.rig.say(f"executions: {done}")
        again = done["submission.started"] - count
        if self.faults:
            that(f"{self.name}: only what the killed worker had in hand was executed twice",
                 0 <= again - done["submission.released"] <= self.interrupted, done)
        else:
            that(f"{self.name}: {count} executions, each completed once",
                 again == done["submission.released"] and done["submission.completed"] == count, done)

    def _read(self, token):
        return self.session.get(f"{self.url}/submissions/{token}", timeout=30).json()

    def _judge_autoscaler(self):
        """Every sync: what was proposed is clamp(ceil(value ÷ target)) by the object's own figures; what was done is what its limits allow."""
        syncs = hpa.syncs_of(self.rig.cluster.controllers.log, TARGET, self.record.began_wall - 0.5)
        hpa.join(syncs, self.record.updates)
        replay, wrong, overruled = hpa.Replay(self.spec), [], []
        lines = ["time,current,depth,running,proposed,by_metrics,desired,allowed"]
        for sync in syncs:
            metrics = hpa.values(sync.status)
            asked = hpa.proposal(self.spec, metrics, sync.status["currentReplicas"])
            allowed = replay.expected(sync.time, sync.current, sync.proposed)
            replay.done(sync.time, sync.current, sync.proposed, sync.desired)
            row = (f"{sync.time - self.record.began_wall:.1f},{sync.current},{metrics.get('evalx_queue_depth')},"
                   f"{metrics.get('evalx_submissions_running')},{sync.proposed},{asked},{sync.desired},{'/'.join(map(str, sorted(allowed)))}")
            lines.append(row)
            if asked != sync.proposed:
                wrong.append(row)
            if sync.desired not in allowed:
                overruled.append(row)
        (REPORTS / f"{self.name}-syncs.csv").write_text("\n".join(lines) + "\n")
        print("\n".join("      " + line for line in lines))
        steepest = max((sync.proposed for sync in syncs), default=0)
        self.checks.that(f"{self.name}: the autoscaler looked every 15 s", len(syncs) >= (self.record.rows[-1]["second"] - 2 * OUTAGE) / 20,
                         f"{len(syncs)} syncs")
        self.checks.that(f"{self.name}: it asked for ceil(depth ÷ 10), and never for fewer than run, at each of {len(syncs)} syncs", not wrong, wrong)
        self.checks.that(f"{self.name}: and did what {self.least}..{self.most} and its behaviour allow at each of them", not overruled, overruled)
        self.checks.that(f"{self.name}: the most it asked for was at least half of the depth's tenth (scrapes lag)", steepest >= math.ceil(self.record.peak("depth") / 10 * 0.5), steepest)

    def _judge_outage(self):
        gone, back = self.outage
        syncs = hpa.syncs_of(self.rig.cluster.controllers.log, TARGET, self.record.began_wall - 0.5)
        moved = [sync for sync in syncs if gone + 1 < sync.time < back and sync.desired != sync.current]
        self.checks.that(f"{self.name}: without Prometheus for {back - gone:.0f} s the replicas held", not moved, moved)
        first, last = (int(moment - self.record.began_wall) for moment in (gone + 2, back))
        held = {row["replicas"] for row in self.record.rows if first <= row["second"] <= last}
        self.checks.that(f"{self.name}: at one number, above {self.least}", len(held) == 1 and min(held) > self.least, held)
        said = [one for moment, item in self.record.updates if gone < moment < back + 20
                for one in item["status"].get("conditions") or [] if one["type"] == "ScalingActive" and one["status"] == "False"]
        self.checks.that(f"{self.name}: and the autoscaler said why", any("evalx_queue_depth" in one["message"] or "FailedGet" in one["reason"]
                                                                       for one in said), said[:1])


def dry_run(rig, checks):
    """What deploy/ holds besides the overlay, as this API server would take it: strictly, every field."""
    chart = subprocess.run([str(BIN / "helm"), "template", "trial", str(image.ROOT / "deploy/helm/evalx"), "--namespace", "evalx"],
                           capture_output=True, text=True, timeout=60, check=False)
    rendered = (image.ROOT / "deploy/kubernetes/deployment.yaml").read_text(encoding="utf-8")
    for what, text, namespace in (("deploy/helm/evalx, rendered", chart.stdout, ("--namespace", "evalx")),
                                  ("deploy/kubernetes/deployment.yaml", rendered, ())):
        try:
            took = rig.cluster.kubectl("apply", *namespace, "--validate=strict", "--dry-run=server", "-f", "-", stdin=text)
            checks.that(f"the API server would take {what}", len(took.splitlines()) >= 15, took + chart.stderr)
        except RigError as error:
            checks.that(f"the API server would take {what}", False, error)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--runs", default="plain,faults")
    arguments = parser.parse_args()
    arguments.slots = 1  # of each worker: deploy/kubernetes/base/worker.yaml
    ends_on_signals()
    checks, rig = Checks(), Rig()
    REPORTS.mkdir(parents=True, exist_ok=True)
    try:
        rig.start()
        rig.apply()
        rig.wait_ready()
        dry_run(rig, checks)
        for name in arguments.runs.split(","):
            Run(rig, checks, arguments, name).go()
    except (RigError, AssertionError, requests.RequestException, subprocess.SubprocessError) as error:
        checks.that("the run goes through", False, f"{type(error).__name__}: {error}")
    finally:
        rig.stop()
        rig.keep_logs(REPORTS / "logs")
        rig.remove()
        print(f"reports: {REPORTS}")
        print(checks.line(), flush=True)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
