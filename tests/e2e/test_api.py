# SPDX-License-Identifier: Apache-2.0
"""What the routes answer when everything is right: forms of a submission, fields, encodings, waiting, cancelling, CORS."""
import base64
import re
import time

import pytest
from harness import ROOT, wait_until

TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
ECHO = "import sys; sys.stdout.write(sys.stdin.read())"
SLEEP = {"language": "python", "code": "import time; time.sleep(100)", "test_cases": [{}], "limits": {"wall_time_ms": 60000}}


@pytest.mark.parametrize("path", ["/execute-batch", "/execute/batch"])
def test_submit_answers_202_with_a_location(server, path):
    answer = server.post(path, {"language": "python", "code": ECHO, "test_cases": [{"stdin": "x"}]})
    assert answer.status_code == 202
    body = answer.json()
    assert set(body) >= {"token", "status", "created_at"}
    assert body["status"] in ("queued", "running", "completed") and TIMESTAMP.match(body["created_at"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,64}", body["token"])
    assert answer.headers["Location"].endswith(f"/submissions/{body['token']}")
    assert server.result(body["token"])["results"][0]["stdout"] == "x"


def test_finished_document_has_every_field(server):
    document = server.run("cpp", "#include <iostream>\nint main(){int a,b;std::cin>>a>>b;std::cout<<a+b<<std::endl;}",
                          [{"name": "small", "stdin": "1 2\n", "expected_output": "3\n"}, {"stdin": "1 2\n", "expected_output": "4\n"}],
                          metadata={"who": "me", "n": [1, {"x": None}]})
    assert set(document) >= {"token", "status", "verdict", "language", "created_at", "started_at", "finished_at", "compile", "summary", "results",
                             "timings", "metadata"}
    assert document["status"] == "completed" and document["verdict"] == "wrong_answer"
    assert document["metadata"] == {"who": "me", "n": [1, {"x": None}]}
    stamps = [document[name] for name in ("created_at", "started_at", "finished_at")]
    assert all(TIMESTAMP.match(stamp) for stamp in stamps) and stamps == sorted(stamps)
    assert set(document["compile"]) >= {"verdict", "exit_code", "stdout", "stderr", "time_ms", "memory_kb", "cached"}
    assert document["summary"]["total"] == 2 and document["summary"]["passed"] == 1
    assert document["summary"]["cpu_time_ms_max"] == max(result["cpu_time_ms"] for result in document["results"])
    assert document["summary"]["memory_kb_max"] == max(result["memory_kb"] for result in document["results"])
    first, second = document["results"]
    assert first["name"] == "small" and first["verdict"] == "accepted" and first["message"] is None and first["stdout"] == "3\n"
    assert first["exit_code"] == 0 and first["signal"] is None and first["stderr"] == ""
    assert 0 < first["cpu_time_ms"] < 1000 and 0 < first["wall_time_ms"] < 5000 and 0 < first["memory_kb"] < 65536
    assert second["verdict"] == "wrong_answer" and 'expected "4"' in second["message"]
    assert set(document["timings"]) >= {"queued_ms", "compile_ms", "run_ms"}


def test_array_form(server):
    answer = server.post("/execute-batch?wait=60", [
        {"language": "python", "code": ECHO, "stdin": "a", "expected_output": "a"}, {"stdin": "b", "expected_output": "b"},
        {"stdin": "c", "expected_output": "x", "limits": {"cpu_time_ms": 1000}}])
    assert answer.status_code == 200, answer.text
    assert [result["verdict"] for result in answer.json()["results"]] == ["accepted", "accepted", "wrong_answer"]


def test_execute_waits_by_default(server):
    answer = server.post("/execute", {"language": "python", "code": ECHO, "stdin": "hello", "expected_output": "hello"})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["status"] == "completed" and document["verdict"] == "accepted"
    assert len(document["results"]) == 1 and document["results"][0]["stdout"] == "hello"


def test_execute_without_waiting(server):
    answer = server.post("/execute?wait=0", {name: value for name, value in SLEEP.items() if name != "test_cases"})
    assert answer.status_code == 202, answer.text
    assert server.delete(f"/submissions/{answer.json()['token']}").status_code in (200, 202, 204)


def test_wait_ends_with_what_there_is(server):
    started = time.monotonic()
    answer = server.post("/execute-batch?wait=1", SLEEP)
    elapsed = time.monotonic() - started
    assert answer.status_code == 202 and 0.9 <= elapsed < 5
    token = answer.json()["token"]
    started = time.monotonic()
    answer = server.get(f"/submissions/{token}?wait=1")
    assert answer.status_code == 200 and answer.json()["status"] in ("queued", "running")
    assert 0.9 <= time.monotonic() - started < 5
    server.delete(f"/submissions/{token}")


def test_wait_returns_as_soon_as_it_is_done(server):
    started = time.monotonic()
    answer = server.post("/execute-batch?wait=60", {"language": "bash", "code": "echo hi", "test_cases": [{}]})
    assert answer.status_code == 200 and answer.json()["status"] == "completed"
    assert time.monotonic() - started < 30


def test_fields_selects(server):
    token = server.submit({"language": "python", "code": ECHO, "test_cases": [{}]})
    server.result(token)
    assert set(server.get(f"/submissions/{token}?fields=status,verdict").json()) == {"token", "status", "verdict"}
    assert set(server.get(f"/submissions/{token}?fields=results").json()) == {"token", "results"}


def test_base64_carries_every_byte(server):
    data = bytes(range(256)) * 3
    encode = lambda raw: base64.b64encode(raw).decode()
    code = b"import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d); sys.stderr.buffer.write(d[::-1])"
    document = server.run("python", encode(code), [{"stdin": encode(data), "expected_output": encode(data)}], encoding="base64",
                          checker={"type": "exact"})
    result = document["results"][0]
    assert result["verdict"] == "accepted", document
    document = server.result(document["token"], encoding="base64")
    assert base64.b64decode(document["results"][0]["stdout"]) == data
    assert base64.b64decode(document["results"][0]["stderr"]) == data[::-1]


def test_bytes_that_are_not_utf8_are_marked(server):
    result = server.run_one("python", "import sys; sys.stdout.buffer.write(b'a\\xff\\xfeb')")
    assert result["lossy"] is True and result["stdout"] == "a\ufffd\ufffdb"
    clean = server.run_one("python", "print('clean ü')")
    assert not clean.get("lossy") and clean["stdout"] == "clean ü\n"


def test_long_output_is_cut_and_marked(server):
    """Past the stored maximum output is cut; the verdict is judged on all of it."""
    size = 900 * 1024
    document = server.run("python", f"print('x' * {size})", [{"expected_output": "x" * size}])
    result = document["results"][0]
    assert result["verdict"] == "accepted", result["message"]
    if len(result["stdout"]) < size:
        assert result["truncated"] is True
    else:
        assert not result.get("truncated")


def test_hostile_output_stays_valid_json(server):
    code = r"""import sys; sys.stdout.buffer.write(bytes(range(256)) + b'"\\\r\n\x00\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80</script>')"""
    result = server.run_one("python", code)
    assert "\u0000" in result["stdout"] and "</script>" in result["stdout"]


def test_cancel_a_running_submission(server):
    token = server.submit(SLEEP)
    wait_until(lambda: server.get(f"/submissions/{token}").json()["status"] == "running", 30, "the submission to run")
    assert server.delete(f"/submissions/{token}").status_code in (200, 202, 204)
    assert server.result(token, 20)["status"] == "cancelled"
    assert server.delete(f"/submissions/{token}").status_code in (200, 204)
    assert server.get(f"/submissions/{token}").status_code == 404


def test_cancel_a_queued_submission(new_server):
    server = new_server(slots=1)
    first, second = server.submit(SLEEP), None
    wait_until(lambda: server.get(f"/submissions/{first}").json()["status"] == "running", 30, "the first one to run")
    second, third = server.submit(SLEEP), server.submit(SLEEP)
    statuses = [server.get(f"/submissions/{token}").json()["status"] for token in (second, third)]
    assert "queued" in statuses
    for token in (third, second, first):
        assert server.delete(f"/submissions/{token}").status_code in (200, 202, 204)
        assert server.result(token, 20)["status"] == "cancelled"
    assert server.run("bash", "echo free", [{"expected_output": "free"}], seconds=20)["verdict"] == "accepted"


def test_delete_forgets_what_is_done(server):
    token = server.submit({"language": "bash", "code": "true", "test_cases": [{}]})
    server.result(token)
    assert server.delete(f"/submissions/{token}").status_code in (200, 204)
    assert server.get(f"/submissions/{token}").status_code == 404
    assert server.delete(f"/submissions/{token}").status_code == 404


def test_languages(server):
    listed = server.get("/languages").json()["languages"]
    assert all(set(language) >= {"name", "aliases", "version", "compiled", "available"} for language in listed)
    assert all(language["available"] for language in listed)
    everything = server.get("/languages?all=true").json()["languages"]
    assert {language["name"] for language in everything} >= {language["name"] for language in listed}
    by_name = {language["name"]: language for language in listed}
    assert by_name["c"]["compiled"] is True and by_name["python"]["compiled"] is False
    assert "c++" in by_name["cpp"]["aliases"]


def test_version_and_health(server):
    declared = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text()).group(1)
    assert server.get("/version").json()["version"] == declared
    assert server.get("/healthz").status_code == 200
    assert server.get("/readyz").status_code == 200


def test_head_is_get_without_a_body(server):
    answer = server.request("HEAD", "/languages")
    assert answer.status_code == 200 and answer.content == b"" and int(answer.headers["Content-Length"]) > 10
    assert server.request("HEAD", "/nothing").status_code == 404


def test_cors(server):
    """Any page may use the API from a browser: no cookies are involved, so any origin it is."""
    answer = server.get("/languages", headers={"Origin": "https://example.com"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    preflight = server.request("OPTIONS", "/execute-batch", headers={
        "Origin": "https://example.com", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, idempotency-key"})
    assert preflight.status_code in (200, 204)
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    allowed = {name.strip().lower() for name in preflight.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"content-type", "idempotency-key"} <= allowed or "*" in allowed
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    error = server.get("/nothing", headers={"Origin": "https://example.com"})
    assert error.headers["Access-Control-Allow-Origin"] == "*"


def test_security_headers(server):
    for path in ("/languages", "/nothing", "/healthz"):
        headers = server.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in headers["Cache-Control"]
        assert "Server" not in headers or not re.search(r"\d", headers["Server"])


def test_priority(new_server):
    """With one slot busy, a higher priority is run first, and within one priority first come, first served."""
    server = new_server(slots=1)
    blocker = server.submit(SLEEP)
    wait_until(lambda: server.get(f"/submissions/{blocker}").json()["status"] == "running", 30, "the blocker to run")
    quick = {"language": "bash", "code": "true", "test_cases": [{}]}
    # One more may be claimed ahead, so that a slot never waits: it is the first of these.
    ahead = server.submit({**quick, "priority": 10})
    tokens = [server.submit({**quick, "priority": priority}) for priority in (0, -5, 5, 0, 10)]
    server.delete(f"/submissions/{blocker}")
    server.result(ahead)
    documents = [server.result(token) for token in tokens]
    order = sorted(range(5), key=lambda i: (documents[i]["started_at"], documents[i]["finished_at"]))
    assert order == [4, 2, 0, 3, 1]
