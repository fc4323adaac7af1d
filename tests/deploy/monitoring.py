# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus on the shipped configuration, and a real evalx in all three roles for it to scrape."""
import contextlib
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import requests
import yaml
from harness import ROOT, Redis, Server, free_port, wait_until
from receiver import SECRET, Receiver, own_address

SHIPPED = ROOT / "deploy" / "prometheus"


class Prometheus:
    """Debian's, with deploy/prometheus: other targets, and more often."""

    def __init__(self, jobs, every="1s"):
        self.folder, self.port, self.process, self.every = Path(tempfile.mkdtemp(prefix="evalx-prometheus-")), free_port(), None, every
        self.configure(jobs)

    def configure(self, jobs):
        """{job: [targets]}; a running one reads it again."""
        config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
        template, = config["scrape_configs"]
        config["global"] = {"scrape_interval": self.every, "evaluation_interval": self.every}
        config["rule_files"] = [str(SHIPPED / pattern) for pattern in config["rule_files"]]
        config["scrape_configs"] = [{**template, "job_name": job, "scrape_interval": self.every, "scrape_timeout": self.every,
                                     "static_configs": [{"targets": targets}]}
                                    for job, targets in jobs.items()]
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        if self.process:
            self.process.send_signal(signal.SIGHUP)

    def start(self, wait=True):
        """It looks at its targets for the first time about five seconds later."""
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            with contextlib.suppress(requests.RequestException):
                return requests.get(f"{self.url}/-/ready", timeout=5).status_code == 200
        wait_until(ready, 60, "Prometheus to be ready")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path, **parameters):
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30)
        body = answer.json()
        assert body["status"] == "success", (parameters, body)
        assert not body.get("warnings"), (parameters, body["warnings"])
        return body["data"]

    def query(self, expression):
        """[({labels}, value)]"""
        return [(one["metric"], float(one["value"][1])) for one in self.ask("query", query=expression)["result"]]

    def query_range(self, expression, start, end, step):
        """[({labels}, [(time, value)])]"""
        result = self.ask("query_range", query=expression, start=start, end=end, step=step)["result"]
        return [(one["metric"], [(at, float(value)) for at, value in one["values"]]) for one in result]

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)


class Installation:
    """Redis, `evalx api` and workers; beside them `evalx serve`; and a receiver of webhooks that takes some, refuses some for good."""

    def __init__(self, workers=1, slots=1, webhook_retry="100ms", serve=True):
        self.stack = contextlib.ExitStack()
        self.redis = Redis()
        self.stack.callback(self.redis.close)
        address = own_address()
        hooks = {"webhook_secret": SECRET, "webhook_allow": address, "webhook_retry": webhook_retry}
        self.receiver = Receiver(self.behave, address)
        self.stack.callback(self.receiver.close)
        self.around = {"store_url": self.redis.url, "store_lease": "2s"}
        self.api = Server(role="api", **self.around, **hooks)
        self.workers = [Server(role="worker", slots=slots, **self.around) for _ in range(workers)]
        self.serve = Server(slots=1, **hooks) if serve else None

    @staticmethod
    def behave(delivery):
        return 500 if delivery.path == "/refuse" else 204

    @property
    def nodes(self):
        return [node for node in [self.api, *self.workers, self.serve] if node]

    def start(self):
        self.redis.start()
        for node in self.nodes:
            self.stack.callback(node.close)
            node.start(wait=False)
        for node in self.nodes:
            node.wait_ready()
        return self

    def add_worker(self, slots):
        self.workers.append(Server(role="worker", slots=slots, **self.around))
        self.stack.callback(self.workers[-1].close)
        self.workers[-1].start()

    @staticmethod
    def target(node):
        return f"127.0.0.1:{node.port}"

    def jobs(self):
        alone = {"evalx-alone": [self.target(self.serve)]} if self.serve else {}
        return {"evalx": [self.target(node) for node in [self.api, *self.workers]], **alone}

    def close(self):
        self.stack.close()
