# SPDX-License-Identifier: Apache-2.0
"""Webhooks, end to end: what arrives, signed how, when, in which order, how often; what happens when it does not arrive."""
import base64
import contextlib
import json
import os
import re
import subprocess
import time

import pytest
from harness import BUILD_DIR, EVALX, ROOT, SLOW, environment, free_port, run_cli, wait_until
from receiver import SECRET, Receiver, signature
from test_keys import KeyFile

THIRD_SECRET = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
OTHER_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
TESTS = [{"stdin": "a", "expected_output": "a"}, {"stdin": "b", "expected_output": "x"}]
SLEEP = "import time; time.sleep(60)"


@pytest.fixture(scope="module")
def hooked():
    """One server whose receivers are on loopback; retries follow quickly."""
    from harness import Server
    server = Server(webhook_allow="127.0.0.0/8", webhook_secret=SECRET, webhook_retry="100ms,100ms,200ms", limits_max_wall_time_ms=120000)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def server(hooked, request):
    request.node.servers, request.node.log_mark = [hooked], len(hooked.log_text())
    return hooked


@pytest.fixture
def receive():
    """A factory of receivers that end with the test."""
    receivers = []

    def start(behave=lambda delivery: 204):
        receivers.append(Receiver(behave))
        return receivers[-1]
    yield start
    for receiver in receivers:
        receiver.close()


def submit(server, receiver, code="cat", language="bash", tests=TESTS, path="/hook", **fields):
    return server.submit({"language": language, "code": code, "test_cases": tests, "webhook_url": receiver.url(path), **fields})


def state(server, token):
    return server.get(f"/submissions/{token}?fields=webhook").json()["webhook"]


def wait_state(server, token, wanted, seconds=20):
    return wait_until(lambda: (now := state(server, token))["state"] == wanted and now, seconds, f"the delivery to be {wanted}")


# ---- what arrives ----

def test_the_document_arrives_signed(server, receive):
    receiver = receive()
    token = submit(server, receiver, metadata={"k": "v"}, path="/deep/path?a=b")
    delivery, = receiver.wait(1)
    assert delivery.path == "/deep/path?a=b"
    assert delivery.valid()
    assert delivery.id == f"msg_{token}_completed" and "." not in delivery.id
    assert abs(int(delivery.headers["webhook-timestamp"]) - delivery.at) <= 2
    assert delivery.headers["content-type"] == "application/json"
    assert re.fullmatch(r"evalx/\d+\.\d+\.\d+", delivery.headers["user-agent"])
    assert delivery.event == "submission.completed"
    assert not {"cookie", "authorization", "accept-encoding", "expect", "referer"} & set(delivery.headers)
    document = server.get(f"/submissions/{token}").json()
    assert document.pop("webhook")["state"] in ("pending", "delivered")
    assert json.loads(delivery.body) == document
    assert document["verdict"] == "wrong_answer" and document["metadata"] == {"k": "v"}
    done = wait_state(server, token, "delivered")
    assert done["attempts"] == 1 and done["last_status"] == 204 and done["last_error"] is None
    assert done["next_attempt_at"] is None and done["delivered_at"] is not None


def test_every_end_is_told(server, receive):
    receiver = receive()
    broken = submit(server, receiver, code="int main( {", language="c")
    crashing = submit(server, receiver, code="exit 3")
    running = submit(server, receiver, code=SLEEP, language="python", tests=[{}], limits={"wall_time_ms": 60000})
    wait_until(lambda: server.get(f"/submissions/{running}").json()["status"] == "running", 20, "it to run")
    assert server.delete(f"/submissions/{running}").status_code == 200
    by_token = {json.loads(delivery.body)["token"]: json.loads(delivery.body) for delivery in receiver.wait(3)}
    assert by_token[broken]["verdict"] == "compilation_error" and by_token[broken]["status"] == "completed"
    assert by_token[crashing]["verdict"] == "runtime_error"
    assert by_token[running]["status"] == "cancelled"
    assert all(delivery.valid() and delivery.event == "submission.completed" for delivery in receiver.deliveries)


def test_events_come_in_order(server, receive):
    receiver = receive()
    tests = [{"name": str(i), "stdin": str(i)} for i in range(12)]
    token = submit(server, receiver, tests=tests, webhook_events=["completed", "test", "started"], metadata={"m": 1})
    deliveries = receiver.wait(14)
    assert [delivery.event for delivery in deliveries] == \
        ["submission.started"] + 12 * ["submission.test"] + ["submission.completed"]
    assert all(delivery.valid() for delivery in deliveries)
    bodies = [json.loads(delivery.body) for delivery in deliveries]
    assert all(body["token"] == token and body["metadata"] == {"m": 1} for body in bodies)
    assert bodies[0]["status"] == "running"
    document = server.get(f"/submissions/{token}").json()
    for body in bodies[1:-1]:
        index = body.pop("index")
        assert {**document["results"][index], "token": token, "metadata": {"m": 1}} == body
    assert sorted(delivery.id for delivery in deliveries[1:-1]) == sorted(f"msg_{token}_test_{i}" for i in range(12))
    assert len({delivery.id for delivery in deliveries}) == 14


def test_only_the_events_asked_for(server, receive):
    receiver = receive()
    token = submit(server, receiver, webhook_events=["test"])
    marker = submit(server, receiver)
    receiver.wait(1, where=lambda delivery: marker in delivery.id)
    deliveries = receiver.wait(2, where=lambda delivery: token in delivery.id)
    assert {delivery.event for delivery in deliveries} == {"submission.test"}
    assert state(server, token)["state"] == "none"


def test_binary_output_and_large_documents(server, receive):
    receiver = receive()
    code = base64.b64encode(b"head -c 700000 /dev/zero | tr '\\0' '\\351'; echo").decode()
    token = submit(server, receiver, code=code, tests=[{}] * 3, encoding="base64")
    delivery, = receiver.wait(1)
    assert delivery.valid() and len(delivery.body) > 2_000_000
    document = server.get(f"/submissions/{token}").json()
    del document["webhook"]
    assert json.loads(delivery.body) == document


# ---- retries ----

def test_failures_are_tried_again_with_the_same_bytes(server, receive):
    answers = [500, None, 204]
    receiver = receive(lambda delivery: answers[len(receiver.deliveries)])
    token = submit(server, receiver)
    first, second, third = receiver.wait(3)
    assert first.id == second.id == third.id
    assert first.body == second.body == third.body
    assert first.valid() and second.valid() and third.valid()
    assert third.at_monotonic - first.at_monotonic >= 0.16  # 100 ms twice, less a fifth
    assert wait_state(server, token, "delivered")["attempts"] == 3


def test_after_the_last_try_it_is_dead_and_can_be_resent(server, receive):
    status = {"now": 503}
    receiver = receive(lambda delivery: status["now"])
    token = submit(server, receiver)
    dead = wait_state(server, token, "dead")
    assert dead["attempts"] == 4 and dead["last_status"] == 503 and dead["last_error"] == "answered 503"
    assert len(receiver.deliveries) == 4
    listed = run_cli("webhooks", "list", "--dead", "--json", "--state-dir", server.state_dir)
    assert listed.returncode == 0, listed.stderr
    row, = [row for row in json.loads(listed.stdout)["webhooks"] if row["token"] == token]
    assert row["state"] == "dead" and row["attempts"] == 4 and row["url"] == receiver.url() and row["last_error"] == "answered 503"
    text = run_cli("webhooks", "list", "--state-dir", server.state_dir)
    assert token in text.stdout and "dead" in text.stdout
    status["now"] = 200
    answer = server.post(f"/submissions/{token}/webhook/resend")
    assert answer.status_code == 202 and answer.json()["token"] == token
    assert wait_state(server, token, "delivered")["attempts"] == 1
    assert {(delivery.id, delivery.body) for delivery in receiver.deliveries} == \
        {(receiver.deliveries[0].id, receiver.deliveries[0].body)}
    resent = run_cli("webhooks", "resend", token, "--server", server.url(""))
    assert resent.returncode == 0, resent.stderr
    receiver.wait(6)
    assert token not in run_cli("webhooks", "list", "--dead", "--state-dir", server.state_dir).stdout


def test_resend_says_why_not(server, receive):
    receiver = receive()
    plain = server.submit({"language": "bash", "code": "true"})
    server.result(plain)
    assert server.post(f"/submissions/{plain}/webhook/resend").status_code == 404
    assert server.post("/submissions/0123456789abcdefghijkl/webhook/resend").status_code == 404
    slow = receive(lambda delivery: 500)
    token = submit(server, slow)
    slow.wait(1)
    assert server.post(f"/submissions/{token}/webhook/resend").status_code in (409, 202)  # 202 only if it has died meanwhile
    assert run_cli("webhooks", "resend", "0123456789abcdefghijkl", "--server", server.url("")).returncode == 3
    assert run_cli("webhooks", "resend", "short").returncode == 2
    assert run_cli("webhooks", "frobnicate").returncode == 2
    assert receiver.deliveries == []


def test_gone_ends_the_tries(server, receive):
    receiver = receive(lambda delivery: 410)
    token = submit(server, receiver)
    assert wait_state(server, token, "dead")["attempts"] == 1
    assert len(receiver.deliveries) == 1


def test_retry_after_is_honoured(new_server, receive):
    """Also that it pauses the host: another delivery waits as long, without losing a try."""
    server = new_server(webhook_allow="127.0.0.0/8", webhook_secret=SECRET, webhook_retry="100ms,100ms")
    receiver = receive(lambda delivery: 204 if receiver.deliveries else (429, {"retry-after": "2"}, b""))
    first = submit(server, receiver)
    receiver.wait(1)
    wait_until(lambda: state(server, first)["attempts"] == 1 and state(server, first)["next_attempt_at"], 10, "the retry to be planned")
    second = submit(server, receiver)
    deliveries = receiver.wait(3)
    assert all(delivery.at_monotonic - deliveries[0].at_monotonic >= 1.9 for delivery in deliveries[1:])
    assert wait_state(server, first, "delivered")["attempts"] == 2
    assert wait_state(server, second, "delivered")["attempts"] == 1


# ---- secrets ----

def test_two_secrets_while_they_are_changed_over(new_server, receive):
    receiver = receive()
    server = new_server(webhook_allow="127.0.0.0/8", webhook_secret=f"{OTHER_SECRET},{SECRET}")
    submit(server, receiver)
    delivery, = receiver.wait(1)
    assert delivery.valid(OTHER_SECRET, SECRET)
    assert SECRET not in run_cli("config", env=environment(webhook_secret=SECRET)).stdout
    assert SECRET not in run_cli("config", "--json", env=environment(webhook_secret=SECRET)).stdout


def test_a_key_may_have_secrets_of_its_own(new_server, receive):
    file, receiver = KeyFile(), receive()
    try:
        file.add("own")
        file.add("common")
        file.lines["own"] += f" webhook_secret={OTHER_SECRET},{SECRET}"
        file.write()
        server = new_server(webhook_allow="127.0.0.0/8", webhook_secret=THIRD_SECRET, auth_keys=file.path)
        expected = {}
        for name, secrets in (("own", [OTHER_SECRET, SECRET]), ("common", [THIRD_SECRET])):
            answer = server.post("/execute-batch", {"language": "bash", "code": "true", "webhook_url": receiver.url()},
                                 headers={"Authorization": f"Bearer {file.keys[name]}"})
            assert answer.status_code == 202, answer.text
            expected[f"msg_{answer.json()['token']}_completed"] = secrets
        for delivery in receiver.wait(2):
            assert delivery.valid(*expected[delivery.id])
    finally:
        file.close()


def test_deliveries_are_counted(new_server, receive):
    server = new_server(webhook_allow="127.0.0.0/8", webhook_secret=SECRET, webhook_retry="10ms")
    receiver = receive(lambda delivery: 204 if len(receiver.deliveries) == 1 else 500)
    wait_state(server, submit(server, receiver), "delivered")
    wait_state(server, submit(server, receiver), "dead")
    text = server.get("/metrics").text
    for line in ('evalx_webhook_attempts_total{outcome="delivered"} 1', 'evalx_webhook_attempts_total{outcome="retry"} 2',
                 'evalx_webhook_attempts_total{outcome="dead"} 1', "evalx_webhook_delivery_seconds_count 1", 'evalx_outbox{state="dead"} 1'):
        assert line in text, text


def test_a_server_makes_its_own_secret(new_server, receive):
    receiver = receive()
    server = new_server(webhook_allow="127.0.0.0/8")
    secret = (server.state_dir / "webhook.secret").read_text().strip()
    assert (server.state_dir / "webhook.secret").stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    submit(server, receiver)
    receiver.wait(1)
    assert server.terminate() == 0
    server.start()
    assert (server.state_dir / "webhook.secret").read_text().strip() == secret
    submit(server, receiver)
    assert all(delivery.valid(secret) for delivery in receiver.wait(2))
    assert secret not in server.log_text()


@pytest.mark.parametrize("setting, value, says", [
    ("webhook_secret", "whsec_short", "webhook.secret"),
    ("webhook_secret", f"{SECRET},{SECRET},{SECRET}", "at most 2"),
    ("webhook_allow", "10.0.0.0/33", "webhook.allow"),
    ("webhook_allow_hosts", "hooks.example.com,https://a.org", "webhook.allow_hosts"),
    ("webhook_allow_hosts", "*", "webhook.allow_hosts"),
    ("webhook_retry", "5s,soon", "webhook.retry"),
    ("webhook_timeout", "0s", "webhook.timeout"),
])
def test_wrong_settings_are_named(setting, value, says, tmp_path):
    os.chmod(tmp_path, 0o755)
    result = run_cli("serve", "--listen", "127.0.0.1:0", "--state-dir", tmp_path / "state", "--user", "root", env=environment(**{setting: value}))
    assert result.returncode in (2, 3) and says in result.stderr, result.stderr
    assert setting == "webhook_retry" or value not in result.stderr or len(value) < 20


# ---- URLs ----

@pytest.mark.parametrize("url", [
    "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1:70/", "http://user@example.com/", "http://user:pw@example.com/",
    "//example.com/", "example.com", "http://", "http://exa mple.com/", "http://example.com:0/", "http://example.com:99999/",
    "http://" + "a" * 2050 + "/", "http://" + "a" * 254 + "/", "dict://127.0.0.1/", "http://[::1/", "http:\\\\example.com/"])
def test_bad_urls_are_refused_at_submission(server, url):
    answer = server.post("/execute-batch", {"language": "bash", "code": "true", "webhook_url": url})
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ["webhook_url"]


def test_only_listed_hosts(new_server):
    server = new_server(webhook_allow_hosts="hooks.example.com,*.school.org", webhook_secret=SECRET, queue_paused="true")
    for url, status in (("https://hooks.example.com/x", 202), ("https://a.school.org/", 202), ("https://example.com/", 422),
                        ("https://hooks.example.com.evil.net/", 422)):
        assert server.post("/execute-batch", {"language": "bash", "code": "true", "webhook_url": url}).status_code == status, url


# ---- who sends ----

def test_no_webhooks_leaves_them_to_others(new_server, receive):
    receiver = receive()
    settings = {"webhook_allow": "127.0.0.0/8", "webhook_secret": SECRET}
    server = new_server(arguments=["--no-webhooks"], **settings)
    token = submit(server, receiver)
    assert server.result(token)["webhook"]["state"] == "pending"
    assert server.terminate() == 0
    assert receiver.deliveries == []
    server.arguments = []
    server.start()
    delivery, = receiver.wait(1)
    assert delivery.valid() and delivery.id == f"msg_{token}_completed"


# ---- receivers of the documentation, the official library, the command ----

def doc_block(language):
    text = (ROOT / "docs" / "webhooks.md").read_text()
    return re.search(rf"```{language}\n(.*?)```", text, re.S).group(1)


@contextlib.contextmanager
def running(*command, env, stderr=subprocess.DEVNULL):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True, env=env)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


class At:
    def __init__(self, port):
        self.port = port

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"


FORGED = 10  # what post_forged sends


def post_forged(port):
    """What a receiver must refuse: a good body under a bad signature, an old timestamp, none at all."""
    import requests
    body, now = b'{"token": "forged"}', int(time.time())
    good = {"webhook-id": "msg_x", "webhook-timestamp": str(now), "webhook-signature": signature(SECRET, "msg_x", now, body)}
    forged = [{**good, "webhook-signature": signature(OTHER_SECRET, "msg_x", now, body)}, {**good, "webhook-id": "msg_y"},
              {**good, "webhook-timestamp": str(now - 3600), "webhook-signature": signature(SECRET, "msg_x", now - 3600, body)},
              {**good, "webhook-signature": "v1,"}, {**good, "webhook-timestamp": "soon"}, {},
              {**good, "webhook-timestamp": b"\xb2"}, {**good, "webhook-timestamp": "9" * 5000}, {**good, "webhook-id": b"\xff\xfe"},
              {**good, "webhook-signature": b"v1,\xe9"}]
    session = requests.Session()
    session.trust_env = False
    return [session.post(f"http://127.0.0.1:{port}/", data=body, headers=headers, timeout=20).status_code for headers in forged]


@pytest.mark.parametrize("language, name, interpreter", [("python", "receiver.py", "/usr/bin/python3"), ("javascript", "receiver.js", "node")])
def test_the_receivers_of_the_documentation_work(server, tmp_path, language, name, interpreter):
    (tmp_path / name).write_text(doc_block(language))
    port = free_port()
    env = {**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    with running(interpreter, str(tmp_path / name), env=env) as process:
        wait_until(lambda: connects(port), 20, "the receiver to listen")
        token = submit(server, At(port), path="/")
        assert wait_state(server, token, "delivered")["last_status"] == 204
        assert process.stdout.readline().split() == [token, "wrong_answer"]
        assert post_forged(port) == FORGED * [401]


def connects(port):
    import socket
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


OFFICIAL = """
const { Webhook } = require("standardwebhooks");
const http = require("http");
const webhook = new Webhook(process.env.WEBHOOK_SECRET);
http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    try {
      const document = webhook.verify(Buffer.concat(parts), request.headers);
      console.log(request.headers["evalx-event"], document.token);
      response.writeHead(200).end();
    } catch (error) {
      response.writeHead(401).end(String(error));
    }
  });
}).listen(process.env.PORT, "127.0.0.1");
"""


def test_the_official_library_verifies(server, tmp_path):
    modules = BUILD_DIR / "npm" / "node_modules"
    if not (modules / "standardwebhooks").is_dir():
        pytest.skip("scripts/setup.sh test could not install standardwebhooks from npm")
    (tmp_path / "official.js").write_text(OFFICIAL)
    port = free_port()
    env = {**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": str(port), "NODE_PATH": str(modules)}
    with running("node", str(tmp_path / "official.js"), env=env) as process:
        wait_until(lambda: connects(port), 20, "the receiver to listen")
        token = submit(server, At(port), webhook_events=["started", "test", "completed"])
        wait_state(server, token, "delivered")
        lines = [process.stdout.readline().split() for _ in range(4)]
        assert lines == [[f"submission.{event}", token] for event in ("started", "test", "test", "completed")]
        assert post_forged(port) == FORGED * [401]


def test_listen_verifies_and_prints(server):
    with running(str(EVALX), "webhooks", "listen", "--port", "0", "--secret", f"{THIRD_SECRET},{SECRET}", "--json", env=environment(),
                 stderr=subprocess.STDOUT) as process:
        port = int(re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline()).group(1))
        token = submit(server, At(port), path="/any/where/at~all/hook.php?a=b")
        line = json.loads(process.stdout.readline())
        assert line["verified"] and not line["again"] and line["event"] == "submission.completed"
        assert line["id"] == f"msg_{token}_completed" and line["body"]["token"] == token
        wait_state(server, token, "delivered")
        assert server.post(f"/submissions/{token}/webhook/resend").status_code == 202
        again = json.loads(process.stdout.readline())
        assert again["verified"] and again["again"] and again["id"] == line["id"]
        assert post_forged(port) == FORGED * [401]
        assert [json.loads(process.stdout.readline())["verified"] for _ in range(FORGED)] == FORGED * [False]
    with running(str(EVALX), "webhooks", "listen", "--port", "0", "--state-dir", str(server.state_dir), env=environment(webhook_secret=SECRET),
                 stderr=subprocess.STDOUT) as process:
        port = int(re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline()).group(1))
        token = submit(server, At(port))
        assert "verified  submission.completed" in process.stdout.readline()
    assert run_cli("webhooks", "listen", "--state-dir", "/nowhere").returncode == 2
    assert run_cli("webhooks", "listen", "--secret", "whsec_x").returncode == 2


def test_the_fallback_is_the_document_itself(server):
    """Whatever becomes of the webhook, the token gives the result."""
    token = submit(server, At(free_port()))
    document = server.result(token)
    assert document["status"] == "completed" and len(document["results"]) == 2
    assert wait_state(server, token, "dead", 30 * SLOW)["last_error"] == "the connection was refused"
    assert server.get(f"/submissions/{token}").json()["results"] == document["results"]
