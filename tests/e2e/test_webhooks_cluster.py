# SPDX-License-Identifier: Apache-2.0
"""Webhooks around Redis: any API process sends them, whichever worker ran the program; dispatchers that are killed lose none."""
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from harness import Server, run_cli, wait_until
from receiver import SECRET, Receiver
from test_keys import KeyFile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "chaos"))
from nodes import Evalx, Redis  # noqa: E402

SETTINGS = {"webhook_secret": SECRET, "webhook_allow": "127.0.0.0/8", "webhook_retry": ",".join(["100ms"] * 20), "webhook_timeout": "1s"}


class Cluster:
    def __init__(self, folder):
        self.redis = Redis("redis", folder)
        self.redis.start()
        self.redis.wait_ready()
        url = f"redis://127.0.0.1:{self.redis.port}"
        self.apis = [Evalx(f"api{i}", folder, "api", store_url=url, **SETTINGS) for i in range(2)]
        self.worker = Evalx("worker", folder, "worker", store_url=url, slots=2)
        self.nodes = [*self.apis, self.worker]
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait_ready()
        self.url = url

    def submit(self, api, receiver, **fields):
        body = {"language": "bash", "code": "echo hello", "webhook_url": receiver.url(), **fields}
        answer = api.session.post(api.url("/execute-batch"), json=body, timeout=30)
        assert answer.status_code == 202, answer.text
        return answer.json()["token"]

    def webhook(self, api, token):
        return api.session.get(api.url(f"/submissions/{token}?fields=webhook"), timeout=30).json()["webhook"]

    def close(self):
        for node in [*self.nodes, self.redis]:
            node.close()


@pytest.fixture
def cluster():
    with tempfile.TemporaryDirectory(prefix="evalx-hooks-") as folder:
        os.chmod(folder, 0o755)
        cluster = Cluster(Path(folder))
        try:
            yield cluster
        finally:
            cluster.close()


def test_any_replica_delivers(cluster):
    receiver = Receiver()
    try:
        token = cluster.submit(cluster.apis[0], receiver, webhook_events=["started", "test", "completed"])
        deliveries = receiver.wait(3)
        assert [delivery.event for delivery in deliveries] == ["submission.started", "submission.test", "submission.completed"]
        assert all(delivery.valid() and json.loads(delivery.body)["token"] == token for delivery in deliveries)
        wait_until(lambda: cluster.webhook(cluster.apis[1], token)["state"] == "delivered", 20, "the other replica to know")
        cluster.apis[0].kill()
        later = cluster.submit(cluster.apis[1], receiver)
        receiver.wait(1, where=lambda delivery: later in delivery.id)
    finally:
        receiver.close()


def test_events_are_told_that_the_store_was_away_for(cluster):
    """Redis stands still in the middle of a run: each test case is told of all the same, before the whole."""
    receiver, api = Receiver(), cluster.apis[0]
    try:
        token = cluster.submit(api, receiver, code="sleep 0.3; echo hello", webhook_events=["test", "completed"], test_cases=[{}] * 16)
        wait_until(lambda: len(receiver.deliveries) >= 2, 30, "the first ones to arrive")
        cluster.redis.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: any(line.get("event") == "store.away" for line in cluster.worker.lines()), 30, "the worker to notice")
        cluster.redis.process.send_signal(signal.SIGCONT)
        receiver.wait(17, seconds=60)
        ids = [delivery.id for delivery in receiver.deliveries]
        assert {f"msg_{token}_test_{index}" for index in range(16)} <= set(ids) and ids[-1] == f"msg_{token}_completed", ids
    finally:
        receiver.close()


def test_the_dead_are_listed_and_resent_from_anywhere(cluster):
    status = {"now": 410}
    receiver = Receiver(lambda delivery: status["now"])
    try:
        token = cluster.submit(cluster.apis[0], receiver)
        wait_until(lambda: cluster.webhook(cluster.apis[1], token)["state"] == "dead", 20, "it to be given up")
        listed = run_cli("webhooks", "list", "--dead", "--json", "--store-url", cluster.url)
        assert [row["token"] for row in json.loads(listed.stdout)["webhooks"]] == [token], listed.stderr
        status["now"] = 204
        assert run_cli("webhooks", "resend", token, "--server", cluster.apis[1].url("")).returncode == 0
        wait_until(lambda: cluster.webhook(cluster.apis[0], token)["state"] == "delivered", 20, "it to arrive")
        first, second = receiver.deliveries
        assert (first.id, first.body) == (second.id, second.body)
    finally:
        receiver.close()


@pytest.mark.timeout(900)
def test_killed_dispatchers_lose_nothing(cluster):
    """Two of them on one outbox, one killed after the other; the receiver fails three times in ten."""
    count, seed = int(os.environ.get("WEBHOOK_SOAK", 100)), random.randrange(1 << 30)
    dice = random.Random(seed)
    receiver = Receiver(lambda delivery: dice.choice((500, 503, None)) if dice.random() < 0.3 else 204)

    def arrived():
        return {delivery.id for delivery in list(receiver.deliveries) if delivery.status == 204}
    try:
        tokens, step, kills = [], max(count // 20, 25), 0
        while len(tokens) < count:
            victim, other = random.sample(cluster.apis, 2)
            tokens += [cluster.submit(other, receiver) for _ in range(min(step, count - len(tokens)))]
            new = {f"msg_{token}_completed" for token in tokens[-step:]}
            wait_until(lambda: new & arrived(), 120, "the first of them to arrive", pause=0.001)
            victim.kill()
            kills += 1
            victim.start()
            victim.wait_ready()
        expected = {f"msg_{token}_completed" for token in tokens}
        wait_until(lambda: arrived() >= expected, 240, f"all {count} to arrive (seed {seed})")
        bodies = {}
        for delivery in list(receiver.deliveries):
            assert delivery.valid()
            assert bodies.setdefault(delivery.id, delivery.body) == delivery.body
        assert set(bodies) == expected
        print(f"{count} submissions, {kills} kills, {len(receiver.deliveries)} tries, {len(arrived())} arrived, 0 lost (seed {seed})")
    finally:
        receiver.close()


def test_secrets_of_keys_alone_will_do():
    """No webhook.secret anywhere: a key with a secret of its own gets its webhooks all the same, one without is told so."""
    file, receiver, nodes = KeyFile(), Receiver(), []
    folder = Path(tempfile.mkdtemp(prefix="evalx-hooks-"))
    os.chmod(folder, 0o755)
    try:
        file.add("own")
        file.add("plain")
        file.lines["own"] += f" webhook_secret={SECRET}"
        file.write()
        redis = Redis("redis", folder)
        nodes.append(redis)
        redis.start()
        redis.wait_ready()
        url = f"redis://127.0.0.1:{redis.port}"
        api = Server(role="api", store_url=url, webhook_allow="127.0.0.0/8", auth_keys=file.path)
        nodes.append(api)
        api.start()
        worker = Evalx("worker", folder, "worker", store_url=url, slots=1)
        nodes.append(worker)
        worker.start()

        def post(name):
            return api.post("/execute-batch", {"language": "bash", "code": "true", "webhook_url": receiver.url()},
                            headers={"Authorization": f"Bearer {file.keys[name]}"})
        refused = post("plain")
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "webhook_url", refused.text
        taken = post("own")
        assert taken.status_code == 202, taken.text
        delivery, = receiver.wait(1, 30)
        assert delivery.valid(SECRET) and delivery.id == f"msg_{taken.json()['token']}_completed"
        assert "webhook.keys_only" in api.log_text()
    finally:
        for node in reversed(nodes):
            node.close()
        receiver.close()
        file.close()
        shutil.rmtree(folder, ignore_errors=True)
