# SPDX-License-Identifier: Apache-2.0
"""evalx api and evalx worker around one Redis: any replica answers for anything, outages pass, workers come and go."""
import contextlib
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest
import requests
from harness import ROOT, SLOW, Redis, Server, event_stream, read_events, run_cli, wait_until

pytestmark = [pytest.mark.skipif(not shutil.which("redis-server"), reason="there is no redis-server here"),
              pytest.mark.skipif("unknown kind" in run_cli("api", "--store-url", "redis:").stderr, reason="this build has no Redis store")]
ECHO = {"language": "bash", "code": "read x; echo $x", "test_cases": [{"stdin": "1\n", "expected_output": "1\n"}]}
PATIENT = {"language": "bash", "code": "sleep 3; echo 7", "test_cases": [{"expected_output": "7\n"}]}


class Cluster:
    def __init__(self, redis):
        self.redis, self.nodes = redis, []

    def add(self, role, **settings):
        settings = {"store_url": self.redis.url, "store_lease": "3s", **settings}
        node = Server(role=role, **settings)
        self.nodes.append(node)
        return node.start()

    def api(self, **settings):
        return self.add("api", **settings)

    def worker(self, **settings):
        return self.add("worker", slots=1, **settings)


@contextlib.contextmanager
def keys_of(*names):
    """A file for auth.keys, and each owner's headers."""
    headers = {}
    with tempfile.NamedTemporaryFile("w", prefix="evalx-keys-") as file:
        for name in names:
            made = json.loads(run_cli("keys", "new", name, "max_waiting=80", "--json").stdout)
            headers[name] = {"Authorization": f"Bearer {made['key']}"}
            file.write(made["line"] + "\n")
        file.flush()
        os.chmod(file.name, 0o644)
        yield file.name, headers


@pytest.fixture
def cluster(request):
    redis = Redis().start()
    cluster = Cluster(redis)
    request.node.servers = cluster.nodes
    try:
        yield cluster
    finally:
        try:
            for node in reversed(cluster.nodes):
                node.close()
        finally:
            redis.close()


def test_any_replica_answers_whichever_worker_ran_it(cluster):
    apis, workers = [cluster.api() for _ in range(3)], [cluster.worker() for _ in range(2)]
    followed = {}

    def follow(token, api):
        with api.get(f"/submissions/{token}/events", stream=True) as stream:
            followed[token] = [event["event"] for event in read_events(event_stream(stream))]

    tokens, threads = [], []
    for number in range(12):
        token = apis[number % 3].submit({**ECHO, "code": f"sleep 0.1; read x; echo $x # {number}"})
        threads.append(threading.Thread(target=follow, args=(token, apis[(number + 1) % 3])))
        threads[-1].start()
        tokens.append(token)
    for number, token in enumerate(tokens):
        assert apis[(number + 2) % 3].result(token)["verdict"] == "accepted"
        documents = [api.get(f"/submissions/{token}").json() for api in apis]
        assert documents[0] == documents[1] == documents[2]
    for thread in threads:
        thread.join(60)
    assert all(followed[token][-1] == "done" and "test" in followed[token] for token in tokens), followed
    assert all("submission.completed" in worker.log_text() for worker in workers), "both had their part"
    token = apis[0].submit({"language": "bash", "code": "sleep 60", "limits": {"wall_time_ms": 60000}})
    wait_until(lambda: apis[1].get(f"/submissions/{token}").json()["status"] == "running", what="it to run")
    assert apis[2].delete(f"/submissions/{token}").json()["status"] == "cancelled"
    assert apis[0].run("bash", "echo 1", [{"expected_output": "1"}])["verdict"] == "accepted"  # the slot is free again
    same = {"headers": {"Idempotency-Key": "one"}}
    assert len({api.post("/execute-batch", ECHO, **same).json()["token"] for api in apis}) == 1


def test_what_each_half_serves(cluster):
    api, worker = cluster.api(), cluster.worker()
    for path in ("/healthz", "/readyz", "/version", "/metrics"):
        assert api.get(path).status_code == worker.get(path).status_code == 200, path
    assert worker.post("/execute-batch", ECHO).status_code == 404
    assert worker.get("/languages").status_code == 404
    listed = {language["name"]: language for language in api.get("/languages").json()["languages"]}
    assert {"c", "python", "bash"} <= set(listed) and all(l["available"] and l["version"] is None for l in listed.values())
    assert not list(api.pids())[1:], "the API has no jail"
    refused = api.post("/execute-batch", {"language": "pyton", "code": "1"})
    assert refused.status_code == 422 and "did you mean python" in refused.text
    failed = api.run("python", "print(1)", version="1.0")
    assert failed["status"] == "failed" and "version" in failed["message"], failed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_the_api_needs_no_root_and_keeps_none(cluster):
    api = cluster.api(user="nobody")
    status = open(f"/proc/{api.process.pid}/status").read()
    assert "Uid:\t65534\t65534\t65534\t65534" in status and "CapEff:\t0000000000000000" in status


def test_redis_away_and_back(cluster):
    api, worker = cluster.api(), cluster.worker()
    running = api.submit(PATIENT)
    wait_until(lambda: api.get(f"/submissions/{running}").json()["status"] == "running", what="it to run")
    waiting = api.submit(ECHO)
    cluster.redis.kill()
    for _ in range(3):
        began = time.monotonic()
        answer = api.post("/execute-batch", ECHO)
        assert answer.status_code == 503 and answer.headers["Content-Type"] == "application/problem+json", answer.text
        assert int(answer.headers["Retry-After"]) >= 1
        assert time.monotonic() - began < 1 + 2 * (SLOW - 1) + 0.5
    for node in (api, worker):
        assert node.get("/readyz").status_code == 503
        assert node.get("/healthz").status_code == 200
    assert api.get(f"/submissions/{running}").status_code == 503
    wait_until(lambda: "store.away" in worker.log_text(), 30, "the worker to have something that Redis does not take")
    time.sleep(3.5)  # past the end of the run, and of its lease
    cluster.redis.start()
    wait_until(lambda: api.get("/readyz").status_code == worker.get("/readyz").status_code == 200, 30, "both to be ready again")
    assert api.result(running)["verdict"] == "accepted"
    assert api.result(waiting)["verdict"] == "accepted"
    assert worker.log_text().count('"submission.started"') == 2, "what ran was not run again"
    assert api.run("bash", "echo 1", [{"expected_output": "1"}])["verdict"] == "accepted"


def test_a_frozen_redis_is_away_as_well(cluster):
    """Connections stand and nothing comes: a write is refused within a second, whoever else waits for the same server."""
    with keys_of("one") as (file, headers):
        key = {"headers": headers["one"]}
        api, _ = cluster.api(auth_keys=file), cluster.worker()
        token = api.post("/execute-batch", ECHO, **key).json()["token"]
        wait_until(lambda: api.get(f"/submissions/{token}", **key).json()["status"] == "completed", 30, "it to end")
        for write in (lambda: api.post("/execute-batch", ECHO, **key), lambda: api.delete(f"/submissions/{token}", **key)):
            cluster.redis.process.send_signal(signal.SIGSTOP)
            reads = []
            readers = [threading.Thread(target=lambda: reads.append(api.get(f"/submissions/{token}", **key).status_code)) for _ in range(4)]
            for reader in readers:  # as many as there are threads for it
                reader.start()
            for _ in range(3):
                began = time.monotonic()
                answer = write()
                assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1, answer.text
                assert time.monotonic() - began < 1 + 2 * (SLOW - 1) + 0.5
            for reader in readers:
                reader.join(30)
            assert reads == [503] * 4
            assert api.get("/healthz").status_code == 200
            cluster.redis.process.send_signal(signal.SIGCONT)
            wait_until(lambda: api.get("/readyz").status_code == 200, 30, "the API to be ready again")
        done = api.post("/execute-batch?wait=30", ECHO, **key)
        assert done.status_code == 200 and done.json()["verdict"] == "accepted", done.text


def test_what_was_taken_is_not_refused_while_it_is_waited_for(cluster):
    """Redis stands still when the wait is over: the answer is the receipt, not "try again", which would run it twice."""
    api = cluster.api()
    answers = []
    client = threading.Thread(target=lambda: answers.append(api.request("POST", "/execute-batch?wait=2", json=ECHO, timeout=60)))
    client.start()
    wait_until(lambda: 'evalx_queue_depth{queue="default"} 1' in api.get("/metrics").text, 10, "it to be taken")
    cluster.redis.process.send_signal(signal.SIGSTOP)
    client.join(60)
    cluster.redis.process.send_signal(signal.SIGCONT)
    assert answers[0].status_code == 202 and answers[0].headers["Location"].endswith(answers[0].json()["token"]), answers[0].text
    cluster.worker()
    assert api.result(answers[0].json()["token"])["verdict"] == "accepted"


def test_a_worker_that_is_killed_is_replaced_within_a_lease(cluster):
    lease = 4
    api, first = cluster.api(store_lease=f"{lease}s"), cluster.worker(store_lease=f"{lease}s")
    token = api.submit({"language": "bash", "code": "sleep 30", "limits": {"wall_time_ms": 60000}})
    wait_until(lambda: api.get(f"/submissions/{token}").json()["status"] == "running", what="it to run")
    second = cluster.worker(store_lease=f"{lease}s")
    began = time.monotonic()
    first.kill()
    wait_until(lambda: '"submission.started"' in second.log_text(), 30, "the other worker to start it")
    took = time.monotonic() - began
    assert took < lease + 1 + 2 * (SLOW - 1), took
    document = api.get(f"/submissions/{token}").json()
    assert document["status"] == "running", document
    assert api.delete(f"/submissions/{token}").json()["status"] == "cancelled"


def test_a_worker_that_is_asked_to_stop(cluster):
    """Finishes what it can; another takes what it hands back; its health says what it does."""
    api, first = cluster.api(), cluster.worker(shutdown_grace="60s")
    running = api.submit(PATIENT)
    wait_until(lambda: api.get(f"/submissions/{running}").json()["status"] == "running", what="it to run")
    first.process.send_signal(signal.SIGTERM)
    wait_until(lambda: first.get("/readyz").status_code == 503, what="/readyz to fail")
    assert first.get("/healthz").status_code == 200
    waiting = api.submit(ECHO)
    assert api.result(running)["verdict"] == "accepted"
    assert first.process.wait(timeout=30 * SLOW) == 0
    assert api.get(f"/submissions/{waiting}").json()["status"] == "queued", "it took nothing new"
    second = cluster.worker(shutdown_grace="0s")
    assert api.result(waiting)["verdict"] == "accepted"
    handed_back = api.submit(PATIENT)
    wait_until(lambda: api.get(f"/submissions/{handed_back}").json()["status"] == "running", what="it to run")
    assert second.terminate() == 0
    assert "submission.released" in second.log_text()
    cluster.worker()
    assert api.result(handed_back)["verdict"] == "accepted"


def test_an_api_that_is_asked_to_stop(cluster):
    api, other, _ = cluster.api(shutdown_delay="20s"), cluster.api(), cluster.worker()
    waits = []
    token = api.submit(PATIENT)
    thread = threading.Thread(target=lambda: waits.append(requests.get(api.url(f"/submissions/{token}?wait=30"), timeout=60)))
    thread.start()
    api.process.send_signal(signal.SIGTERM)
    wait_until(lambda: api.get("/readyz").status_code == 503, what="/readyz to fail")
    assert api.post("/execute-batch", ECHO).status_code == 202  # until balancers have noticed
    thread.join(60)
    assert waits[0].json()["verdict"] == "accepted"
    api.process.send_signal(signal.SIGTERM)
    assert api.process.wait(timeout=30) == 0
    assert other.result(token)["verdict"] == "accepted"


def test_keys_and_shares_over_redis(cluster):
    with keys_of("flood", "single") as (file, keys):
        apis, _ = [cluster.api(auth_keys=file) for _ in range(2)], cluster.worker()
        body = {"language": "bash", "code": "sleep 0.1", "test_cases": [{}]}
        flood = [apis[0].post("/execute-batch", body, headers=keys["flood"]).json()["token"] for _ in range(60)]
        for api in apis:
            done = api.post("/execute-batch?wait=60", ECHO, headers=keys["single"])
            assert done.status_code == 200 and done.json()["verdict"] == "accepted", done.text
        status = [apis[1].get(f"/submissions/{token}?fields=status", headers=keys["flood"]).json()["status"] for token in flood]
        assert status.count("queued") > 25, "two of the other key were through while most of the sixty waited"
        assert apis[1].get(f"/submissions/{flood[0]}", headers=keys["single"]).status_code == 404
        codes = {api.post("/execute-batch", body, headers=keys["flood"]).status_code for api in apis for _ in range(60)}
        assert codes == {202, 429}


def test_retry_after_of_a_full_queue_over_redis(cluster):
    api, _ = cluster.api(queue_max_depth=1), cluster.worker(queue_max_depth=1)
    body = {"language": "bash", "code": "sleep 0.05", "test_cases": [{}]}

    def measured():
        answer = api.post("/execute-batch", body)
        return answer.status_code == 503 and int(answer.headers["Retry-After"]) <= 2
    wait_until(measured, 30, "a measured Retry-After")


def test_a_worker_without_its_toolchain_fails_with_the_reason(cluster):
    """The API takes what is defined; what this worker's machine lacks is told in the result."""
    folder = Path(tempfile.mkdtemp(prefix="evalx-languages-"))
    try:
        folder.chmod(0o755)
        for name in ("bash", "python"):
            shutil.copy(ROOT / "languages" / f"{name}.yaml", folder)
        text = (folder / "python.yaml").read_text()
        (folder / "python.yaml").write_text(text.replace("/usr/bin/python3", "/usr/bin/python3-that-is-not-there"))
        api, _ = cluster.api(languages_dir=folder), cluster.worker(languages_dir=folder)
        document = api.run("python", "print(1)")
        assert document["status"] == "failed" and "install" in document["message"], document
        assert api.run("bash", "echo 1", [{"expected_output": "1"}])["verdict"] == "accepted"
        (folder / "bash.yaml").unlink()  # and one that can run nothing takes no work from those that can
        with pytest.raises(AssertionError, match="no language can be run here"):
            cluster.worker(languages_dir=folder)
    finally:
        shutil.rmtree(folder)
