# SPDX-License-Identifier: Apache-2.0
"""API keys: who is let in, who sees what, rates, shares of the slots, and changing the keys of a running server."""
import json
import os
import signal
import tempfile
from pathlib import Path

import pytest
import requests
from harness import Server, environment, event_stream, run_cli, wait_until

ECHO = {"language": "bash", "code": "read x; echo $x", "test_cases": [{"stdin": "1\n", "expected_output": "1\n"}]}


class KeyFile:
    """A file of keys that the server's user can read; .keys: name → key."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="evalx-keys-"))
        self.folder.chmod(0o755)
        self.path, self.lines, self.keys = self.folder / "keys", {}, {}
        self.write()

    def add(self, name, *options):
        made = json.loads(run_cli("keys", "new", name, *options, "--json").stdout)
        self.keys[name], self.lines[name] = made["key"], made["line"]
        self.write()

    def write(self, text=None):
        self.path.write_text("# keys of the tests\n" + "\n".join(self.lines.values()) + "\n" if text is None else text)
        self.path.chmod(0o644)

    def close(self):
        self.path.unlink()
        self.folder.rmdir()


@pytest.fixture
def file():
    file = KeyFile()
    yield file
    file.close()


class Client:
    """A client with one key."""

    def __init__(self, server, key):
        self.server, self.headers = server, {"Authorization": f"Bearer {key}"}

    def request(self, method, path, **options):
        options["headers"] = {**self.headers, **options.get("headers", {})}
        return self.server.request(method, path, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, body, path="/execute-batch", **options):
        return self.request("POST", path, json=body, **options)

    def submit(self, body):
        answer = self.post(body)
        assert answer.status_code == 202, answer.text
        return answer.json()["token"]

    def result(self, token):
        return wait_until(lambda: (d := self.get(f"/submissions/{token}?wait=20").json())["status"] in ("completed", "failed") and d, 120)


def keyed(server):
    """The harness asks /readyz only, which needs no key."""
    server.wait_ready()
    return server


@pytest.fixture
def start(file, new_server):
    return lambda **settings: keyed(new_server(auth_keys=file.path, **settings))


def is_problem(answer, status, text=""):
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status and text in answer.json()["detail"], answer.text
    return True


def test_who_is_let_in(file, start):
    file.add("school")
    server = start()
    key = file.keys["school"]
    token = "a" * 22
    guarded = [("POST", "/execute-batch"), ("POST", "/execute/batch"), ("POST", "/execute"), ("GET", "/languages"),
               ("GET", f"/submissions/{token}"), ("GET", f"/submissions/{token}/events"), ("DELETE", f"/submissions/{token}")]
    for method, path in guarded:
        answer = server.request(method, path)
        assert is_problem(answer, 401, "API key"), path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for path in ("/healthz", "/readyz", "/version", "/openapi.json", "/metrics"):
        assert server.get(path).status_code == 200, path
    preflight = server.request("OPTIONS", "/execute-batch", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"})
    assert preflight.status_code in (200, 204)
    assert {"Authorization", "X-Auth-Token"} <= set(preflight.headers["Access-Control-Allow-Headers"].split(", "))

    let_in = [{"Authorization": f"Bearer {key}"}, {"authorization": f"bearer  {key}"}, {"X-Auth-Token": key}]
    for headers in let_in:
        assert server.get("/languages", headers=headers).status_code == 200, headers
        assert server.post("/execute-batch?wait=30", ECHO, headers=headers).json()["verdict"] == "accepted"
    kept_out = [key[:-1], key + "x", key.lower(), key.swapcase(), "", "Bearer", "x" * 4000]
    for wrong in kept_out:
        is_problem(server.post("/execute-batch", ECHO, headers={"X-Auth-Token": wrong}), 401)
        is_problem(server.post("/execute-batch", ECHO, headers={"Authorization": f"Bearer {wrong}"}), 401)
    is_problem(server.post("/execute-batch", ECHO, headers={"Authorization": f"Basic {key}"}), 401)
    digest = file.lines["school"].split()[0]
    is_problem(server.get("/languages", headers={"X-Auth-Token": digest}), 401)
    assert key not in server.log_text()


def test_submissions_are_their_owners_alone(file, start):
    file.add("school")
    file.add("contest")
    server = start()
    school, contest = (Client(server, file.keys[name]) for name in ("school", "contest"))
    token = school.submit(ECHO)
    assert school.result(token)["verdict"] == "accepted"
    for method, path in (("GET", ""), ("GET", "?wait=20"), ("GET", "?fields=status"), ("GET", "/events"), ("DELETE", "")):
        unknown = contest.request(method, f"/submissions/{'b' * 22}{path}")
        foreign = contest.request(method, f"/submissions/{token}{path}")
        assert is_problem(foreign, 404), path
        assert foreign.json() == unknown.json(), "nothing tells what belongs to others from what is not there"
    running = school.submit({"language": "bash", "code": "sleep 30", "limits": {"wall_time_ms": 60000}})
    is_problem(contest.get(f"/submissions/{running}?wait=20"), 404)  # at once
    is_problem(contest.request("DELETE", f"/submissions/{running}"), 404)
    assert school.get(f"/submissions/{running}").json()["status"] in ("queued", "running")
    assert school.request("DELETE", f"/submissions/{running}").json()["status"] == "cancelled"
    events = school.get(f"/submissions/{token}/events", stream=True)
    assert [event["event"] for event in event_stream(events)][-1] == "done"
    assert school.request("DELETE", f"/submissions/{token}").status_code == 204


def test_two_keys_of_one_owner_and_idempotency_by_owner(file, start):
    file.add("school")
    file.add("contest")
    file.lines["school-2"] = (second := json.loads(run_cli("keys", "new", "school", "--json").stdout))["line"]
    file.write()
    server = start()
    old, new, other = Client(server, file.keys["school"]), Client(server, second["key"]), Client(server, file.keys["contest"])
    same = {"headers": {"Idempotency-Key": "k-1"}}
    token = old.post(ECHO, **same).json()["token"]
    assert new.get(f"/submissions/{token}").status_code == 200
    assert new.post(ECHO, **same).json()["token"] == token
    assert other.post(ECHO, **same).json()["token"] != token
    assert other.post({**ECHO, "code": "echo 2"}, headers={"Idempotency-Key": "k-2"}).status_code == 202
    assert old.post(ECHO, headers={"Idempotency-Key": "k-2"}).status_code == 202
    is_problem(old.post({**ECHO, "code": "echo 2"}, headers={"Idempotency-Key": "k-2"}), 422)


def test_what_a_key_may_ask_for(file, start):
    file.add("low", "priority=-10..0")
    client = Client(start(), file.keys["low"])
    assert client.post({**ECHO, "priority": 0}).status_code == 202
    refused = client.post({**ECHO, "priority": 1})
    is_problem(refused, 403, "-10 to 0")
    assert refused.json()["errors"][0]["field"] == "priority"
    assert client.post([{"language": "bash", "code": "echo", "priority": 5}]).json()["errors"][0]["field"] == "[0].priority"


def test_rate_and_waiting_are_limited(file, start):
    file.add("slow", "rate=6/m", "burst=2")
    file.add("few", "max_waiting=2")
    file.add("free")
    server = start(queue_paused="true")
    slow, few, free = (Client(server, file.keys[name]) for name in ("slow", "few", "free"))
    assert [slow.post(ECHO).status_code for _ in range(2)] == [202, 202]
    refused = slow.post(ECHO)
    is_problem(refused, 429, "slow may submit 6 a minute")
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert slow.get("/languages").status_code == 200  # the rate is of submissions
    tokens = [few.submit(ECHO) for _ in range(2)]
    refused = few.post(ECHO)
    is_problem(refused, 429, "waiting")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    few.request("DELETE", f"/submissions/{tokens[0]}")
    few.submit(ECHO)
    assert [free.post(ECHO).status_code for _ in range(20)] == [202] * 20


def test_keys_change_without_a_restart(file, start):
    file.add("old")
    server = start()
    old = Client(server, file.keys["old"])
    running = old.submit({"language": "bash", "code": "sleep 2; echo 1"})

    def reload(event):
        before = server.log_text().count(event)
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: server.log_text().count(event) > before, what=event)

    file.add("new")
    is_problem(Client(server, file.keys["new"]).get("/languages"), 401)
    reload("keys.reloaded")
    assert Client(server, file.keys["new"]).get("/languages").status_code == 200
    file.write("this is no key\n")
    reload("keys.not_reloaded")
    assert old.get("/languages").status_code == 200
    del file.lines["old"]
    file.write()
    reload("keys.reloaded")
    is_problem(old.get(f"/submissions/{running}"), 401)
    assert Client(server, file.keys["new"]).get("/languages").status_code == 200
    assert server.process.poll() is None


def test_a_flood_of_one_key_does_not_hold_up_another(file, start):
    """A hundred submissions of one key wait; of another key's, each comes next."""
    file.add("flood")
    file.add("single")
    server = start(slots=1)
    flood, single = Client(server, file.keys["flood"]), Client(server, file.keys["single"])
    body = {"language": "bash", "code": "sleep 0.1", "test_cases": [{}]}
    tokens = [flood.submit(body) for _ in range(100)]
    for _ in range(3):
        assert single.result(single.submit(ECHO))["verdict"] == "accepted"
    waiting = sum(flood.get(f"/submissions/{token}?fields=status").json()["status"] == "queued" for token in tokens)
    assert waiting > 50, "three of the other key were through while most of the hundred still waited"


def test_slots_are_shared_by_weight(file, start):
    """Two keys with shares 3 and 1 that both want everything get three quarters and one quarter."""
    file.add("heavy", "share=3")
    file.add("light", "share=1")
    server = start(slots=1)
    clients = {name: Client(server, file.keys[name]) for name in ("light", "heavy")}
    gate = clients["light"].submit({"language": "bash", "code": "sleep 2"})
    body = {"language": "bash", "code": "sleep 0.03", "test_cases": [{}]}
    tokens = {name: [clients[name].submit(body) for _ in range(48)] for name in clients}
    clients["light"].result(gate)

    def finished(name):
        return sum(clients[name].get(f"/submissions/{token}?fields=status").json()["status"] == "completed" for token in tokens[name])

    wait_until(lambda: finished("heavy") >= 30, 60, "thirty of the heavy ones")
    light = finished("light")
    assert 4 <= light <= 22, f"{light} of the light ones beside thirty of the heavy ones; ten are due"


def test_a_wrong_file_is_told_at_the_start(file):
    file.write("# one\nzzz school\n")
    server = Server(auth_keys=file.path)
    try:
        server.start(wait=False)
        assert server.process.wait(timeout=60) == 3
        assert f"{file.path}:2: the line must start with the SHA-256" in server.log_text()
    finally:
        server.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")
def test_a_file_that_the_server_cannot_read_is_told_at_the_start(file):
    file.path.chmod(0o600)
    server = Server(auth_keys=file.path)
    try:
        server.start(wait=False)
        assert server.process.wait(timeout=60) == 3
        assert "must be able to read it" in server.log_text()
    finally:
        server.close()


def test_the_commands(file, start, tmp_path):
    file.add("school", "rate=10/s")
    server = start()
    assert run_cli("keys", "check", file.path).stdout.strip().endswith("1 key")
    program = tmp_path / "a.sh"
    program.write_text("echo 1\n")
    arguments = ("submit", program, "--language", "bash", "--server", server.url(""))
    assert run_cli(*arguments, env=environment(api_key=file.keys["school"])).returncode == 0
    refused = run_cli(*arguments)
    assert refused.returncode == 2 and "401" in refused.stderr and "API key" in refused.stderr
    assert run_cli("keys", "new", "a b").returncode == 2
    assert run_cli("keys", "new", "a", "rate=fast").returncode == 2
    assert run_cli("keys", "check", program).returncode == 2
    assert run_cli("keys", "lose", "a").returncode == 2
    text = run_cli("keys", "new", "a").stdout.splitlines()
    assert text[1].startswith("evx_") and text[3].endswith(" a")


def test_no_keys_are_wanted_by_default(server):
    answer = server.post("/execute-batch?wait=30", ECHO, headers={"Authorization": "Bearer whatever"})
    assert answer.status_code == 200
    with requests.Session() as session:
        assert session.get(server.url("/languages")).status_code == 200
