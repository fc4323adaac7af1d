# SPDX-License-Identifier: Apache-2.0
"""What happened during a run, second by second, as anybody could have seen it: the queue's figures from evalx' own /metrics, the
autoscaler's and the Deployment's from the API; and every change of the autoscaler's status, as it was written."""
import csv
import re
import threading
import time

import requests
from client import ApiError

COLUMNS = ("second", "depth", "running", "desired", "replicas", "ready", "event")


def whole(value):
    """An absent series stays absent, an empty cell: an outage is not taken for an empty queue."""
    return None if value is None else int(value)


def metric(text, name):
    """The value of a series; None when it is not there."""
    match = re.search(rf"^{re.escape(name)} ([0-9.e+-]+)$", text, re.M)
    return float(match[1]) if match else None


class Recorder:
    def __init__(self, rig, url, autoscaler):
        self.rig, self.url = rig, url
        self.path = f"/apis/autoscaling/v2/namespaces/evalx/horizontalpodautoscalers/{autoscaler}"
        self.deployment = f"/apis/apps/v1/namespaces/evalx/deployments/{autoscaler}"
        self.rows, self.updates, self.events = [], [], []
        self.began, self.began_wall = time.monotonic(), time.time()
        self.ended = threading.Event()
        self.session = requests.Session()
        self.session.trust_env = False
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self._sample, self._follow)]
        for thread in self.threads:
            thread.start()

    def note(self, text):
        """Something that was done to the cluster; beside the next row."""
        self.rig.say(text)
        self.events.append(text)

    def last(self):
        return self.rows[-1] if self.rows else dict.fromkeys(COLUMNS, 0)

    def peak(self, column):
        return max((row[column] for row in self.rows if row[column] is not None), default=0)

    def _sample(self):
        client, number = self.rig.cluster.admin.copy(), 0
        while not self.ended.wait(max(0, self.began + number - time.monotonic())):
            try:
                self.rows.append(self._row(client, number))
                if number % 15 == 0:
                    self.rig.say("  ".join(f"{name} {value}" for name, value in self.rows[-1].items() if name != "event"))
            except (ApiError, requests.RequestException) as error:
                self.rig.say(f"second {number} was not recorded: {error}")
            number = max(number + 1, int(time.monotonic() - self.began))

    def _row(self, client, number):
        text = self.session.get(f"{self.url}/metrics", timeout=5).text
        scaled, deployment = client.get(self.path)["status"], client.get(self.deployment)
        depth, running = (whole(metric(text, name)) for name in ('evalx_queue_depth{queue="default"}', "evalx_submissions_running"))
        events, self.events = self.events, []
        return {"second": number, "depth": depth, "running": running, "desired": scaled.get("desiredReplicas", 0),
                "replicas": deployment["spec"]["replicas"], "ready": deployment["status"].get("readyReplicas", 0), "event": "; ".join(events)}

    def _follow(self):
        client = self.rig.cluster.admin.copy()
        folder, _, name = self.path.rpartition("/")
        while not self.ended.is_set():
            try:
                for kind, item in client.follow(folder, f"fieldSelector=metadata.name%3D{name}", self.ended.is_set):
                    if kind in ("ADDED", "MODIFIED"):
                        self.updates.append((time.time(), item))
            except (ApiError, requests.RequestException) as error:
                if not self.ended.is_set():
                    self.rig.say(f"the watch of the autoscaler broke off: {error}")
            self.ended.wait(0.2)

    def stop(self):
        self.ended.set()
        self.threads[0].join(10)  # the other one ends with its watch

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows)
