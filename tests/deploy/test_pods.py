# SPDX-License-Identifier: Apache-2.0
"""The pods of the shipped manifests as processes: the commands, files and variables that Kubernetes would give them, with addresses and folders of
this machine in their place. What they are told there works: Redis' user, probes, the end of a worker, the flood."""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import requests
from harness import EVALX, SLOW, Server, environment, free_port, wait_until
from manifests import KUBERNETES, container, find, kustomized, needs_tools, run, settings_file

pytestmark = [needs_tools, pytest.mark.skipif(os.geteuid() != 0, reason="workers start as root"),
              pytest.mark.skipif(not shutil.which("redis-server"), reason="there is no redis-server here")]

ECHO = {"language": "bash", "code": "read x; echo $x", "test_cases": [{"stdin": "1\n", "expected_output": "1\n"}]}


def secret(objects, name, key):
    return find(objects, "Secret", name)["stringData"][key]


class Pods:
    """Of the minikube overlay: one Redis, an api and a worker."""

    def __init__(self):
        self.objects = kustomized("overlays/minikube")
        self.folder = Path(tempfile.mkdtemp(prefix="evalx-pods-"))
        self.folder.chmod(0o755)
        (self.folder / "evalx.yaml").write_text(settings_file(self.objects))
        self.nodes, self.redis, self.port = [], None, free_port()

    def start_redis(self):
        config = find(self.objects, "ConfigMap", "evalx-redis")["data"]
        for name, text in config.items():
            here = text.replace("/run/redis", str(self.folder)).replace("/data", str(self.folder))
            (self.folder / name).write_text(here.replace("bind * -::*", f"bind 127.0.0.1\nport {self.port}"))
        command = container(find(self.objects, "StatefulSet", "evalx-redis"))["command"]
        assert command[:3] == ["sh", "/etc/redis/redis.sh", "/etc/redis/redis.conf"]
        environment = {"PATH": os.environ["PATH"], "REDIS_PASSWORD": secret(self.objects, "evalx-redis", "password"),
                       "USERS_FILE": str(self.folder / "users.acl")}
        log = open(self.folder / "redis.log", "w")
        self.redis = subprocess.Popen(["sh", str(self.folder / "redis.sh"), str(self.folder / "redis.conf"), *command[3:]], env=environment, stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        wait_until(lambda: self.probe_redis("readinessProbe"), 30, lambda: (self.folder / "redis.log").read_text())
        return self

    def probe_redis(self, probe, password=None):
        """As the kubelet does, in the container."""
        command = container(find(self.objects, "StatefulSet", "evalx-redis"))[probe]["exec"]["command"]
        assert command[:2] == ["sh", "-c"]
        here = command[2].replace("redis-cli ", f"redis-cli -p {self.port} ")
        assert here != command[2]
        password = password or secret(self.objects, "evalx-redis", "password")
        return run("sh", "-c", here, env={"PATH": os.environ["PATH"], "REDISCLI_AUTH": password}).returncode == 0

    def start(self, name, **instead):
        """The pod of Deployment evalx-<name>."""
        given = {}
        for variable in container(find(self.objects, "Deployment", f"evalx-{name}"))["env"]:
            if "valueFrom" in variable:
                reference = variable["valueFrom"]["secretKeyRef"]
                variable = {"name": variable["name"], "value": secret(self.objects, reference["name"], reference["key"])}
            given[variable["name"]] = variable["value"]
        given["EVALX_STORE_URL"] = given["EVALX_STORE_URL"].replace("$(REDIS_PASSWORD)", given["REDIS_PASSWORD"])
        assert "@evalx-redis:6379/" in given["EVALX_STORE_URL"]
        given["EVALX_STORE_URL"] = given["EVALX_STORE_URL"].replace("evalx-redis:6379", f"127.0.0.1:{self.port}")
        given["EVALX_CONFIG"] = str(self.folder / "evalx.yaml")
        given.pop("EVALX_STATE_DIR", None)  # the harness has its own
        settings = {key[6:].lower(): value for key, value in given.items() if key.startswith("EVALX_")}
        server = Server(role=name, **{**settings, **instead})
        self.nodes.append(server)
        server.probes = container(find(self.objects, "Deployment", f"evalx-{name}"))
        return server.start()

    def close(self):
        try:
            for node in reversed(self.nodes):
                if node.process.poll() is None:
                    with contextlib.suppress(ProcessLookupError):
                        node.process.send_signal(signal.SIGTERM)  # a second one follows: no shutdown_delay is waited for
                node.close()
        finally:
            if self.redis:
                self.redis.kill()
                self.redis.wait(timeout=20)
            shutil.rmtree(self.folder, ignore_errors=True)


def ready_at(url):
    with requests.Session() as session, contextlib.suppress(requests.ConnectionError):
        session.trust_env = False
        return session.get(url, timeout=5).status_code == 200


def answers(server, probe):
    return server.get(server.probes[probe]["httpGet"]["path"]).status_code


@pytest.fixture(scope="module")
def pods():
    pods = Pods()
    try:
        yield pods.start_redis()
    finally:
        pods.close()


@pytest.fixture(scope="module")
def api(pods):
    return pods.start("api")


@pytest.fixture(scope="module")
def worker(pods):
    return pods.start("worker")


@pytest.fixture(autouse=True)
def shown(request, pods):
    request.node.servers = pods.nodes


def test_redis_has_one_user_and_he_no_more_rights_than_needed(pods):
    assert pods.probe_redis("livenessProbe") and pods.probe_redis("readinessProbe")
    assert not pods.probe_redis("readinessProbe", password="another"), "a wrong password is not ready"

    def cli(*command, user=True):
        as_user = ["--user", "evalx", "--pass", secret(pods.objects, "evalx-redis", "password"), "--no-auth-warning"] if user else []
        return run("redis-cli", "-p", pods.port, *as_user, *command).stdout
    assert "NOAUTH" in cli("PING", user=False)
    assert cli("CONFIG", "GET", "maxmemory").split() == ["maxmemory", str(2**30)], "the pod's argument, beside what redis.conf says"
    assert cli("CONFIG", "GET", "maxmemory-policy").split() == ["maxmemory-policy", "noeviction"]
    for command in (("FLUSHALL",), ("CONFIG", "SET", "appendonly", "no"), ("SET", "other", "1"), ("ACL", "LIST"), ("SHUTDOWN", "NOSAVE")):
        assert "NOPERM" in cli(*command), command
    assert (pods.folder / "users.acl").stat().st_mode & 0o777 == 0o600
    refused = run("sh", pods.folder / "redis.sh", env={"PATH": os.environ["PATH"], "REDIS_PASSWORD": "with space"})
    assert refused.returncode == 1 and "evalx-redis" in refused.stderr


def test_the_pods_work_together_and_probes_are_answered(pods, api, worker):
    for server in (api, worker):
        assert [answers(server, probe) for probe in ("startupProbe", "livenessProbe", "readinessProbe")] == [200] * 3
        warnings = [line for line in server.log_lines() if line["level"] in ("warn", "error") and line["event"] != "sandbox.weaker"]
        assert warnings == [], "Redis keeps what it is given, no setting is unknown, webhooks can be signed"
    done = api.post("/execute-batch?wait=60", ECHO)
    assert done.status_code == 200 and done.json()["verdict"] == "accepted", done.text
    hook = api.post("/execute-batch", {**ECHO, "webhook_url": "https://hooks.example.invalid/"})
    assert hook.status_code == 202, hook.text
    pods.redis.send_signal(signal.SIGSTOP)
    try:
        for server in (api, worker):
            wait_until(lambda: answers(server, "readinessProbe") == 503, 30, "it to be not ready without Redis")
            assert answers(server, "livenessProbe") == 200, "and alive: a restart would help nobody"
    finally:
        pods.redis.send_signal(signal.SIGCONT)
    for server in (api, worker):
        wait_until(lambda: answers(server, "readinessProbe") == 200, 30, "it to be ready again")
    assert api.result(hook.json()["token"])["verdict"] == "accepted"


def test_the_end_of_a_worker(pods, api, worker):
    """SIGTERM with submissions under way and waiting: what runs is finished there, what waits by another; each ran once. (What is handed
    back because it does not end in time: tests/e2e/test_cluster.py.)"""
    begun = worker.log_text().count('"submission.started"')
    running = api.submit({"language": "bash", "code": "sleep 1; echo 7", "test_cases": [{"expected_output": "7\n"}] * 2})
    wait_until(lambda: api.get(f"/submissions/{running}").json()["status"] == "running", 30, "it to run")
    waiting = [api.submit(ECHO) for _ in range(5)]
    began = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    wait_until(lambda: answers(worker, "readinessProbe") == 503, 10, "it to be not ready")
    assert answers(worker, "livenessProbe") == 200, "the kubelet has no reason to kill it while it drains"
    assert api.result(running)["verdict"] == "accepted"
    assert worker.process.wait(timeout=60 * SLOW) == 0
    assert time.monotonic() - began < 60 * SLOW, "it ends when it has nothing to do, not when its grace is over"
    log = worker.log_text()
    shared = log.count('"submission.completed"') - begun - 1  # what it had taken on beside the large one before it was told
    assert shared < 5 and "submission.released" not in log
    assert [api.get(f"/submissions/{token}").json()["status"] for token in waiting].count("queued") == 5 - shared, "it took nothing new"
    other = pods.start("worker")
    assert all(api.result(token)["verdict"] == "accepted" for token in waiting)
    assert log.count('"submission.started"') - begun + other.log_text().count('"submission.started"') == 6 and '"attempt":2' not in other.log_text()
    assert other.terminate() == 0


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="there is no IPv6 here")
def test_a_pod_with_addresses_of_both_families_is_asked_at_either(pods, tmp_path):
    """listen: "[::]:2358", which the chart takes beside 0.0.0.0: probes, Services and scrapes go to what the pod has."""
    port, password = free_port(), secret(pods.objects, "evalx-redis", "password")
    given = {**environment(), "EVALX_LISTEN": f"[::]:{port}", "EVALX_STORE_URL": f"redis://evalx:{password}@127.0.0.1:{pods.port}/0"}
    with open(tmp_path / "log", "w+") as log:
        process = subprocess.Popen([EVALX, "api"], env=given, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            for host in ("127.0.0.1", "[::1]"):
                wait_until(lambda: ready_at(f"http://{host}:{port}/readyz"), 30, lambda: (tmp_path / "log").read_text())
            assert run(EVALX, "health", env=given).returncode == 0
        finally:
            process.terminate()
            assert process.wait(timeout=30 * SLOW) == 0


@pytest.mark.skipif(not shutil.which("wrk"), reason="there is no wrk here")
def test_the_flood_hands_in_exactly_as_many_as_it_is_told(pods, api):
    def depth():
        lines = dict(line.rsplit(" ", 1) for line in api.get("/metrics").text.splitlines() if not line.startswith("#"))
        return int(float(lines['evalx_queue_depth{queue="default"}']))
    before = depth()
    flood = run("wrk", "-t1", "-c32", "-d50s", "-s", KUBERNETES / "flood" / "flood.lua", api.url(""), "--", "177", "0.01")
    assert flood.returncode == 0 and "accepted 177\n" in flood.stdout and "refused 0\n" in flood.stdout, flood.stdout + flood.stderr
    assert depth() - before == 177


def test_the_end_of_an_api(pods, api):
    """Endpoints hear of it when it does: it goes on serving, not ready, for as long as the manifest says; a second signal cuts that short here."""
    api.process.send_signal(signal.SIGTERM)
    wait_until(lambda: answers(api, "readinessProbe") == 503, 10, "it to be not ready")
    assert answers(api, "livenessProbe") == 200
    served = api.post("/execute-batch", ECHO)
    assert served.status_code == 202 and served.headers["Connection"] == "close", "whoever is still sent here is served, and sent on"
    assert '"delay_ms":10000' in api.log_text()
    api.process.send_signal(signal.SIGTERM)
    assert api.process.wait(timeout=30 * SLOW) == 0
