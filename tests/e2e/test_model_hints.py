# SPDX-License-Identifier: Apache-2.0
"""Hints of a model, from a stand-in for its endpoint that also misbehaves: slow, down, huge, malformed, redirecting."""
import json
import os
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from harness import Server, run_cli, wait_until
from receiver import SECRET, Receiver
from test_crashes import events_of

HOOKS = {"webhook_secret": SECRET, "webhook_allow": "127.0.0.0/8"}
KEY = "sk-test-5e0c7d1f93"


def answer(text):
    return 200, {}, json.dumps({"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}).encode()


GOOD = "Line 1 prints 1. Is that what the task asks for?"
BEHAVIOURS = {
    "good": lambda: answer(GOOD),
    "500": lambda: (500, {}, b"oops"),
    "401": lambda: (401, {}, b'{"error": {"message": "no"}}'),
    "redirect": lambda: (307, {"location": "/elsewhere"}, b""),
    "huge": lambda: answer("x" * (1 << 20)),
    "malformed": lambda: (200, {}, b'{"choices": [{"message": '),
    "html": lambda: (200, {"content-type": "text/html"}, b"<html>Bad gateway</html>"),
    "shape": lambda: (200, {}, b'{"choices": [{"message": {"content": ["Look"]}}]}'),
    "empty": lambda: answer(" \n "),
    "code": lambda: answer("Write this:\n```python\nn = int(input())\nprint(n)\nprint(n * 2)\nprint(n * 3)\n```\nand look at line 1."),
    "control": lambda: answer("Line\x1b[2J 1:\u202e\u0000 look\r\n at\tit."),
    "long": lambda: answer("Look at the first line. " + "And so on and on and on " * 100),
}


class Model(ThreadingHTTPServer):
    """Behaves as the program that it is asked about says: `# behave: NAME`."""
    daemon_threads = True

    def __init__(self):
        self.asked, self.release = [], threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            model = self

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self.model.asked.append((self.path, dict(self.headers), body))
                behaviour = body["messages"][1]["content"].partition("# behave: ")[2].split()[0]
                if behaviour == "slow":
                    self.model.release.wait(60)
                    self.close_connection = True
                    return
                status, headers, text = BEHAVIOURS[behaviour]()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a caller that has had enough

    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def about(self, mark):
        return [call for call in self.asked if mark in call[2]["messages"][1]["content"]]

    def close(self):
        self.release.set()
        self.shutdown()
        self.server_close()


def key_file(folder, mode=0o400, text=KEY + "\n"):
    """Root's own: it is read before the server gives up root."""
    path = Path(folder) / "key"
    path.write_text(text)
    os.chmod(path, mode)
    return path


def settings(model, **more):
    return {"slots": 1, "hints_ai_url": model.url(), "hints_ai_model": "small-1", "hints_ai_timeout": "2s", **HOOKS, **more}


class World:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="evalx-model-")
        os.chmod(self.folder.name, 0o755)
        self.model = Model()
        self.server = Server(**settings(self.model, hints_ai_key_file=key_file(self.folder.name)))

    def submit(self, behaviour, mark="", server=None, **fields):
        code = f"echo 1 # behave: {behaviour} {mark}"
        return (server or self.server).submit({"language": "bash", "code": code, "test_cases": [{"stdin": "", "expected_output": "2\n"}], **fields})

    def close(self):
        self.model.close()
        self.server.close()
        self.folder.cleanup()


@pytest.fixture(scope="module")
def world():
    world = World()
    try:
        world.server.start()
        yield world
    finally:
        world.close()


def calls(server, outcome):
    for line in server.get("/metrics").text.splitlines():
        if line.startswith(f'evalx_model_calls_total{{outcome="{outcome}"}}'):
            return float(line.rpartition(" ")[2])
    return 0


def test_a_hint_of_the_model(world):
    receiver = Receiver()
    try:
        token = world.submit("good", "first-of-all", webhook_url=receiver.url(), metadata={"who": "not the model's business"})
        events = events_of(world.server, token)
        document = world.server.result(token)
        last = document["hint_details"][-1]
        assert last == {"text": GOOD, "rule": "model", "source": "model", "file": None, "line": None}
        assert document["hints"][-1] == GOOD and len(document["hints"]) > 1, "the rules' hints stay, before it"
        assert events[-1]["event"] in ("hints", "done") and json.loads(events[-1]["data"])["hints"] == document["hints"]
        path, headers, body = world.model.about("first-of-all")[0]
        assert path == "/v1/chat/completions" and body["model"] == "small-1" and headers["authorization"] == f"Bearer {KEY}"
        said = json.dumps(body)
        for there in ("echo 1", "expected output", "wrong_answer", document["hints"][0]):
            assert there in said
        for absent in (token, "business", receiver.url(), KEY):
            assert absent not in said
        assert json.loads(receiver.wait(1)[0].body)["token"] == token
        assert KEY not in world.server.log_text() and KEY not in world.server.get("/metrics").text
    finally:
        receiver.close()


@pytest.mark.parametrize("behaviour, outcome", [
    ("500", "server_error"), ("401", "refused"), ("redirect", "refused"), ("huge", "too_large"), ("malformed", "malformed"), ("html", "malformed"),
    ("shape", "malformed"), ("empty", "empty"), ("slow", "timeout")])
def test_what_is_of_no_use(world, behaviour, outcome):
    before = calls(world.server, outcome)
    token = world.submit(behaviour, "useless")
    events = events_of(world.server, token)
    document = world.server.result(token)
    assert events[-1]["event"] == "done" and document["hints"], "the rules' hints are there all the same"
    assert all(detail["source"] == "rule" for detail in document["hint_details"])
    assert calls(world.server, outcome) == before + 1
    assert all(path == "/v1/chat/completions" for path, _, _ in world.model.asked), "a redirect is not followed"
    events_of(world.server, world.submit("good", "keeps the breaker closed"))


@pytest.mark.parametrize("behaviour, hint", [
    ("code", "Write this: and look at line 1."),
    ("control", "Line [2J 1: look at it."),
    ("long", "Look at the first line."),
])
def test_what_is_made_of_it(world, behaviour, hint):
    token = world.submit(behaviour)
    events_of(world.server, token)
    assert world.server.result(token)["hints"][-1] == hint


def test_who_is_not_asked_about(world):
    unwanted = world.submit("good", "unwanted", hints=False)
    fine = world.server.submit({"language": "bash", "code": "echo 1 # behave: good accepted"})
    for token in (unwanted, fine):
        assert events_of(world.server, token)[-1]["event"] == "done"
        assert world.server.result(token)["hints"] == []
    assert world.model.about("unwanted") == [] == world.model.about("accepted")


def test_a_webhook_waits_only_when_it_is_told_to(world, new_server):
    receiver = Receiver()
    patient = new_server(**settings(world.model, hints_ai_wait_ms=60000, hints_ai_daily_budget=2))
    try:
        token = world.submit("slow", "without waiting", webhook_url=receiver.url())
        body = json.loads(receiver.wait(1)[0].body)
        assert body["token"] == token and all(detail["source"] == "rule" for detail in body["hint_details"])
        token = world.submit("good", server=patient, webhook_url=receiver.url())
        body = json.loads(receiver.wait(2)[1].body)
        assert body["token"] == token and body["hint_details"][-1]["source"] == "model"
        for _ in range(2):
            events_of(patient, world.submit("good", server=patient))
        assert (calls(patient, "hint"), calls(patient, "over_budget")) == (2, 1)
    finally:
        receiver.close()


def test_a_model_that_is_down_is_left_alone_for_a_while(world, new_server):
    broken = new_server(**settings(world.model))
    for _ in range(7):
        events_of(broken, world.submit("500", "breaks", server=broken))
    assert (calls(broken, "server_error"), calls(broken, "breaker_open")) == (5, 2) and len(world.model.about("breaks")) == 5


def test_a_model_that_hangs_holds_up_no_stop(world):
    server = Server(**settings(world.model, hints_ai_timeout="30s")).start()
    try:
        world.submit("slow", "hangs", server=server)
        wait_until(lambda: world.model.about("hangs"), 20, "the question")
        begun = time.monotonic()
        server.terminate()
        assert time.monotonic() - begun < 15
    finally:
        server.close()


@pytest.mark.parametrize("given, said", [
    ({"hints_ai_url": "https://model.example/v1"}, "hints.ai.model: must be given with hints.ai.url"),
    ({"hints_ai_url": "ftp://model.example", "hints_ai_model": "m"}, "hints.ai.url: must be http://… or https://…"),
    ({"hints_ai_url": "https://me:pass@model.example/v1", "hints_ai_model": "m"}, "hints.ai.url: must hold no user and password"),
    ({"hints_ai_url": "http://model.example/v1", "hints_ai_model": "m", "mode": 0o400}, "hints.ai.url: must be https://… when there is a key"),
    ({"hints_ai_url": "https://model.example/v1", "hints_ai_model": "m", "mode": 0o644}, "can be read or written by everybody"),
    ({"hints_ai_url": "https://model.example/v1", "hints_ai_model": "m", "mode": 0o400, "text": "two words\n"}, "hints.ai.key_file: "),
    ({"hints_ai_url": "https://model.example/v1", "hints_ai_model": "m", "hints_ai_timeout": "31s"}, "hints.ai.timeout: must be between 100ms and 30s"),
])
def test_bad_settings_are_named(given, said):
    with tempfile.TemporaryDirectory(prefix="evalx-model-") as folder:
        os.chmod(folder, 0o755)
        options = []
        if "mode" in given:
            options = ["--set", f"hints.ai.key_file={key_file(folder, given.pop('mode'), given.pop('text', KEY))}"]
        for name, value in given.items():
            options += ["--set", f"{name.replace('_ai_', '.ai.').replace('hints_', 'hints.')}={value}"]
        done = run_cli("serve", "--listen", "127.0.0.1:0", "--state-dir", f"{folder}/state", "--slots", "1", *options)
        assert done.returncode != 0 and said in done.stdout + done.stderr, done
        assert KEY not in done.stdout + done.stderr
