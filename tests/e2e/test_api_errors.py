# SPDX-License-Identifier: Apache-2.0
"""Bad input of every kind: the right status, application/problem+json, and the name of the field that is wrong."""
import base64
import json
import time

import pytest

GOOD = {"language": "python", "code": "print(1)", "test_cases": [{}]}
BATCH_PATHS = ["/execute-batch", "/execute/batch"]


def problem(answer, status):
    """Asserts an RFC 9457 problem with this status; returns it."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert isinstance(body["type"], str) and body["type"]
    assert isinstance(body["title"], str) and body["title"]
    for error in body.get("errors", []):
        assert set(error) == {"field", "message"} and error["message"]
    return body


def fields(body):
    return [error["field"] for error in body.get("errors", [])]


def post_raw(server, data, content_type="application/json", path="/execute-batch"):
    return server.post(path, data=data, headers={"Content-Type": content_type} if content_type else {})


def nested(depth):
    return "[" * depth + "]" * depth


# ---- not JSON: 400 ----

@pytest.mark.parametrize("data", [
    b"", b"   ", b"{", b"[1,", b'{"language": }', b"{'language': 'c'}", b"nonsense", b'{"a": 1} x', b"\xef\xbb\xbf{}", b'{"a": NaN}',
    b'{"a": "\xff\xfe"}', b'{"a": "\x01"}', b'{"a": "\\ud800"}', b'{"a": 01}', b"{,}", b"\x00", b'{"language": "c"',
], ids=lambda data: repr(data)[:40])
@pytest.mark.parametrize("path", ["/execute-batch", "/execute"])
def test_malformed_json(server, data, path):
    problem(post_raw(server, data, path=path), 400)


@pytest.mark.parametrize("text", [
    '{"language": "c", "language": "cpp", "code": "x", "test_cases": [{}]}',
    '{"language": "c", "code": "x", "test_cases": [{"stdin": "a", "stdin": "b"}]}',
    '{"language": "c", "code": "x", "metadata": {"a": 1, "a": 2}, "test_cases": [{}]}',
    '{"language": "c", "c\\u006fde": "x", "code": "y", "test_cases": [{}]}',
])
def test_repeated_keys(server, text):
    body = problem(post_raw(server, text), 400)
    assert "repeat" in body["detail"].lower() or "duplicate" in body["detail"].lower(), body


@pytest.mark.parametrize("text", [nested(33), nested(5000), '{"a":' * 40 + "1" + "}" * 40,
                                  '{"language": "c", "code": "x", "metadata": {"a": %s}}' % nested(31)])
def test_nesting_over_32(server, text):
    assert "deep" in problem(post_raw(server, text), 400)["detail"].lower() or "nest" in problem(post_raw(server, text), 400)["detail"].lower()


def test_nesting_of_32_is_allowed(server):
    text = json.dumps({**GOOD, "metadata": {"a": json.loads(nested(30))}})
    assert post_raw(server, text).status_code == 202


# ---- not a submission: 422, every field by name ----

TYPES = [
    ({"language": 5}, "language"), ({"language": None}, "language"), ({"language": ""}, "language"), ({"code": 5}, "code"), ({"code": ["x"]}, "code"),
    ({"version": 12}, "version"), ({"test_cases": {}}, "test_cases"), ({"test_cases": "x"}, "test_cases"), ({"test_cases": [5]}, "test_cases[0]"),
    ({"test_cases": [{}, {"stdin": 5}]}, "test_cases[1].stdin"), ({"test_cases": [{"expected_output": []}]}, "test_cases[0].expected_output"),
    ({"test_cases": [{"name": 5}]}, "test_cases[0].name"), ({"test_cases": [{"args": "x"}]}, "test_cases[0].args"),
    ({"test_cases": [{"args": ["a", 5]}]}, "test_cases[0].args[1]"), ({"args": [{}]}, "args[0]"), ({"args": "x"}, "args"),
    ({"compiler_options": "-O2"}, "compiler_options"), ({"compiler_options": [2]}, "compiler_options[0]"), ({"files": {}}, "files"),
    ({"files": ["x"]}, "files[0]"), ({"files": [{"name": 5, "content": ""}]}, "files[0].name"),
    ({"files": [{"name": "a", "content": 5}]}, "files[0].content"), ({"files": [{"name": "a"}]}, "files[0].content"),
    ({"files": [{"content": "a"}]}, "files[0].name"), ({"limits": []}, "limits"), ({"limits": {"cpu_time_ms": "2000"}}, "limits.cpu_time_ms"),
    ({"limits": {"cpu_time_ms": 1.5}}, "limits.cpu_time_ms"), ({"limits": {"memory_kb": [1]}}, "limits.memory_kb"),
    ({"limits": {"processes": True}}, "limits.processes"), ({"test_cases": [{"limits": {"wall_time_ms": "x"}}]}, "test_cases[0].limits.wall_time_ms"),
    ({"checker": "magic"}, "checker"), ({"checker": {"type": "magic"}}, "checker.type"), ({"checker": {"type": 5}}, "checker.type"), ({"checker": {}}, "checker.type"),
    ({"checker": {"type": "float", "abs": "x"}}, "checker.abs"), ({"checker": {"type": "float", "rel": -1}}, "checker.rel"),
    ({"stop_on_first_failure": "yes"}, "stop_on_first_failure"), ({"webhook_url": 5}, "webhook_url"),
    ({"webhook_url": "ftp://example.com/"}, "webhook_url"), ({"webhook_url": "not a url"}, "webhook_url"),
    ({"webhook_url": "https://example.com/" + "x" * 3000}, "webhook_url"),
    ({"priority": "high"}, "priority"), ({"priority": 11}, "priority"), ({"priority": -11}, "priority"), ({"priority": 0.5}, "priority"),
    ({"metadata": []}, "metadata"), ({"metadata": "x"}, "metadata"), ({"metadata": {"a": "x" * 20000}}, "metadata"),
    ({"encoding": "latin1"}, "encoding"), ({"encoding": 5}, "encoding"),
]


@pytest.mark.parametrize("change, field", TYPES, ids=lambda value: str(value)[:50])
def test_wrong_types_and_values_name_the_field(server, change, field):
    assert fields(problem(server.post("/execute-batch", {**GOOD, **change}), 422)) == [field]


@pytest.mark.parametrize("body, field", [
    ({"code": "x", "test_cases": [{}]}, "language"),
    ({"language": "c", "test_cases": [{}]}, "code"),
    ({"language": "c", "files": [], "test_cases": [{}]}, "code"),
    ({**GOOD, "test_cases": []}, "test_cases"),
    ({**GOOD, "test_cases": [{}] * 1001}, "test_cases"),
])
def test_missing_and_counts(server, body, field):
    assert field in fields(problem(server.post("/execute-batch", body), 422))


@pytest.mark.parametrize("body", ["5", '"x"', "null", "true", "[]"])
def test_a_body_that_is_no_submission(server, body):
    problem(post_raw(server, body), 422)


def test_1000_test_cases_are_allowed(server):
    answer = server.post("/execute-batch", {**GOOD, "test_cases": [{}] * 1000})
    assert answer.status_code == 202
    assert server.delete(f"/submissions/{answer.json()['token']}").status_code in (200, 202, 204)


@pytest.mark.parametrize("body, field", [
    ({**GOOD, "langauge": "c"}, "langauge"),
    ({**GOOD, "stdin": "x"}, "stdin"),  # belongs into a test case
    ({**GOOD, "test_cases": [{"stdin": "x"}, {"sdtin": "x"}]}, "test_cases[1].sdtin"),
    ({**GOOD, "limits": {"cpu_time": 1}}, "limits.cpu_time"),
    ({**GOOD, "test_cases": [{"limits": {"cpu": 1}}]}, "test_cases[0].limits.cpu"),
    ({**GOOD, "files": [{"name": "a", "content": "", "mode": 5}]}, "files[0].mode"),
    ({**GOOD, "checker": {"type": "lines", "x": 1}}, "checker.x"),
    ({**GOOD, "": 1}, ""),
])
def test_unknown_fields_are_named(server, body, field):
    assert fields(problem(server.post("/execute-batch", body), 422)) == [field]


def test_several_mistakes_are_all_named(server):
    body = {**GOOD, "language": 5, "limits": {"cpu_time_ms": -1}, "test_cases": [{"stdin": 1}, {"stdin": 2}], "bogus": 1}
    got = set(fields(problem(server.post("/execute-batch", body), 422)))
    assert {"language", "limits.cpu_time_ms", "test_cases[0].stdin", "test_cases[1].stdin", "bogus"} <= got


@pytest.mark.parametrize("wrong, near", [("pyton", "python"), ("javascrip", "javascript"), ("cp", "cpp"), ("rusty", "rust")])
@pytest.mark.parametrize("path", ["/execute-batch", "/execute"])
def test_unknown_language_offers_the_nearest(server, wrong, near, path):
    body = {"language": wrong, "code": "x"}
    if path != "/execute":
        body["test_cases"] = [{}]
    answer = problem(server.post(path, body), 422)
    assert fields(answer) == ["language"]
    assert near in answer["errors"][0]["message"], answer


def test_unknown_language_like_nothing(server):
    answer = problem(server.post("/execute-batch", {**GOOD, "language": "q" * 200}), 422)
    assert fields(answer) == ["language"]


CAPS = {"cpu_time_ms": 15000, "wall_time_ms": 60000, "memory_kb": 1048576, "processes": 512, "output_kb": 65536, "stack_kb": 1048576,
        "file_kb": 262144}


@pytest.mark.parametrize("name", CAPS)
@pytest.mark.parametrize("where", ["limits", "test_cases[0].limits"])
def test_limits_beyond_the_caps(server, name, where):
    def with_limit(value):
        limits = {name: value}
        return {**GOOD, "limits": limits} if where == "limits" else {**GOOD, "test_cases": [{"limits": limits}]}
    for value in (CAPS[name] + 1, 2**31, 2**63 - 1, 0, -1, -2**63):
        answer = problem(server.post("/execute-batch", with_limit(value)), 422)
        assert f"{where}.{name}" in fields(answer), (value, answer)
    message = problem(server.post("/execute-batch", with_limit(CAPS[name] + 1)), 422)["errors"][0]["message"]
    assert str(CAPS[name]) in message
    assert server.post("/execute-batch", with_limit(CAPS[name])).status_code == 202


@pytest.mark.parametrize("number", ["1e3", "2000.0", "9223372036854775807", "1e-999", "-0.0"])
def test_numbers_out_of_range_or_not_whole(server, number):
    text = '{"language": "python", "code": "1", "test_cases": [{}], "limits": {"cpu_time_ms": %s}}' % number
    assert fields(problem(post_raw(server, text), 422)) == ["limits.cpu_time_ms"]


@pytest.mark.parametrize("text, field", [
    ('{"language": "c", "limits": {"memory_kb": 1e999}}', "limits.memory_kb"), ('{"priority": 99999999999999999999999999}', "priority"),
    ('{"test_cases": [{}, {"limits": {"processes": -9223372036854775809}}]}', "test_cases[1].limits.processes"), ('{"checker": {"abs": -1e400}}', "checker.abs"),
])
def test_numbers_that_no_machine_holds(server, text, field):
    assert fields(problem(post_raw(server, text), 422)) == [field]


@pytest.mark.parametrize("change, field", [
    ({"code": "!!!"}, "code"), ({"code": "YQ"}, "code"), ({"code": "YR=="}, "code"), ({"code": "Y=Q="}, "code"), ({"code": "YQ=="[:3]}, "code"),
    ({"test_cases": [{}, {"stdin": "?"}]}, "test_cases[1].stdin"), ({"test_cases": [{"expected_output": "a"}]}, "test_cases[0].expected_output"),
    ({"files": [{"name": "a.txt", "content": "=" * 4}]}, "files[0].content"),
])
def test_invalid_base64(server, change, field):
    body = {**GOOD, "code": base64.b64encode(b"print(1)").decode(), "encoding": "base64", **change}
    assert fields(problem(server.post("/execute-batch", body), 422)) == [field]


@pytest.mark.parametrize("name", [
    "a\u0000b", "\u0000", "../x", "a/../b", "..", "a/..", "/etc/passwd", "//x", "/", "", ".", "./", "a//b", "a/", "a/./b", "x" * 256,
    "new\nline", "tab\tname", "\u007f", "a\\..\u0001",
], ids=repr)
def test_file_names(server, name):
    body = {**GOOD, "files": [{"name": "fine.txt", "content": ""}, {"name": name, "content": "x"}]}
    assert fields(problem(server.post("/execute-batch", body), 422)) == ["files[1].name"]


def test_duplicate_file_names(server):
    files = [{"name": "a.txt", "content": "1"}, {"name": "b.txt", "content": "2"}, {"name": "a.txt", "content": "3"}]
    answer = problem(server.post("/execute-batch", {**GOOD, "files": files}), 422)
    assert fields(answer) == ["files[2].name"] and "files[0]" in answer["errors"][0]["message"]


def test_a_file_that_is_also_a_folder(server):
    files = [{"name": "a", "content": "1"}, {"name": "a/b", "content": "2"}]
    assert fields(problem(server.post("/execute-batch", {**GOOD, "files": files}), 422)) == ["files[1].name"]


@pytest.mark.parametrize("change, field", [
    ({"args": ["a\u0000b"]}, "args[0]"), ({"test_cases": [{"args": ["ok", "\u0000"]}]}, "test_cases[0].args[1]"),
    ({"compiler_options": ["\u0000"]}, "compiler_options[0]"), ({"language": "c\u0000pp"}, "language"),
    ({"test_cases": [{"name": "x" * 256}]}, "test_cases[0].name"), ({"args": ["x"] * 257}, "args"), ({"args": ["x" * 40000]}, "args"),
    ({"files": [{"name": f"f{i}", "content": ""} for i in range(257)]}, "files"),
])
def test_nul_and_counts_in_names_and_arguments(server, change, field):
    assert fields(problem(server.post("/execute-batch", {**GOOD, **change}), 422)) == [field]


@pytest.mark.parametrize("option", ["-o/tmp/x", "-fplugin=x.so", "-wrapper", "@file", "-specs=x", "-B/tmp", "-Wl,-T,x", "-x", "--sysroot=/", "-I/etc",
                                    "-include", "/etc/passwd", "-", "", "-O2 -o x"])
def test_compiler_options_that_are_not_allowed(server, option):
    body = {"language": "c", "code": "int main(void){return 0;}", "test_cases": [{}], "compiler_options": ["-O2", option]}
    assert fields(problem(server.post("/execute-batch", body), 422)) == ["compiler_options[1]"]


# ---- the array form and /execute have names of their own ----

@pytest.mark.parametrize("items, field", [
    ([{"language": "python", "code": "1", "stdin": 5}], "[0].stdin"),
    ([{"language": "python", "code": "1"}, {"stdin": "x", "code": "2"}], "[1].code"),
    ([{"language": "python", "code": "1"}, {"sdtin": "x"}], "[1].sdtin"),
    ([{"language": "python", "code": "1"}, 5], "[1]"),
    ([{"code": "1"}], "[0].language"),
])
def test_array_form_errors(server, items, field):
    assert fields(problem(server.post("/execute-batch", items), 422)) == [field]


@pytest.mark.parametrize("change, field", [({"stdin": 5}, "stdin"), ({"expected_output": {}}, "expected_output"), ({"args": 5}, "args"),
                                           ({"test_cases": [{}]}, "test_cases"), ({"bogus": 1}, "bogus")])
def test_execute_errors(server, change, field):
    assert fields(problem(server.post("/execute", {"language": "python", "code": "1", **change}), 422)) == [field]


# ---- HTTP level ----

@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
                                          "text/json", "application/xml", None])
@pytest.mark.parametrize("path", ["/execute-batch", "/execute"])
def test_wrong_content_type(server, content_type, path):
    problem(post_raw(server, json.dumps(GOOD).encode(), content_type, path), 415)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"])
def test_right_content_types(server, content_type):
    assert post_raw(server, json.dumps(GOOD), content_type).status_code == 202


def test_foreign_charset(server):
    problem(post_raw(server, json.dumps(GOOD), "application/json; charset=utf-16"), 415)


def test_too_large_a_body(server):
    body = json.dumps({**GOOD, "code": "#" * (16 * 1024 * 1024)})
    problem(post_raw(server, body), 413)


def test_a_body_of_nearly_16_mib_is_fine(server):
    body = json.dumps({**GOOD, "code": "#" * (16 * 1024 * 1024 - 1000)})
    assert post_raw(server, body).status_code == 202


@pytest.mark.parametrize("path", ["/", "/nothing", "/execute-batch/", "/execute-batc", "/submissions", "/submissions/", "/submissions/a/b", "/EXECUTE",
                                  "/submissions/x/events/y", "/languages/c", "/favicon.ico"])
def test_unknown_route(server, path):
    problem(server.get(path), 404)


@pytest.mark.parametrize("method, path, allowed", [
    ("GET", "/execute-batch", {"POST"}), ("DELETE", "/execute", {"POST"}), ("PUT", "/execute/batch", {"POST"}), ("POST", "/languages", {"GET"}),
    ("POST", "/submissions/abc", {"GET", "DELETE"}), ("PATCH", "/submissions/abc", {"GET", "DELETE"}), ("POST", "/healthz", {"GET"}),
    ("DELETE", "/version", {"GET"}), ("POST", "/submissions/abc/events", {"GET"}), ("PUT", "/openapi.json", {"GET"}),
])
def test_wrong_method_says_which_are_allowed(server, method, path, allowed):
    answer = server.request(method, path)
    problem(answer, 405)
    assert allowed <= {name.strip() for name in answer.headers["Allow"].split(",")}
    assert method not in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/submissions/unknown", "/submissions/" + "A" * 64, "/submissions/-_-", "/submissions/unknown?wait=30",
                                  "/submissions/unknown/events"])
def test_unknown_token(server, path):
    started = time.monotonic()
    problem(server.get(path), 404)
    assert time.monotonic() - started < 10


def test_deleting_an_unknown_token(server):
    problem(server.delete("/submissions/unknown"), 404)


@pytest.mark.parametrize("query, field", [("wait=-1", "wait"), ("wait=61", "wait"), ("wait=x", "wait"), ("wait=", "wait"), ("wait=1e9", "wait"),
                                          ("encoding=latin1", "encoding"), ("fields=bogus", "fields"), ("fields=token,bogus", "fields")])
def test_bad_query(server, query, field):
    token = server.submit(GOOD)
    answer = server.get(f"/submissions/{token}?{query}")
    assert answer.status_code in (400, 422)
    assert field in fields(problem(answer, answer.status_code))


@pytest.mark.parametrize("method, path, known", [
    ("POST", "/execute-batch", ["wait"]), ("POST", "/execute/batch", ["wait"]), ("POST", "/execute", ["wait"]),
    ("GET", "/submissions/unknown", ["wait", "encoding", "fields"]), ("DELETE", "/submissions/unknown", []), ("GET", "/submissions/unknown/events", ["encoding"]),
    ("GET", "/languages", ["all"]), ("GET", "/version", []), ("GET", "/healthz", []), ("GET", "/readyz", []), ("GET", "/openapi.json", []),
])
def test_unknown_and_repeated_query_parameters(server, method, path, known):
    body = problem(server.request(method, path + "?wiat=1"), 422)
    assert fields(body) == ["wiat"] and "wiat" in body["detail"]
    assert all(name in body["errors"][0]["message"] for name in known)
    assert fields(problem(server.request(method, path + "?a=1&b=2"), 422)) == ["a", "b"]
    for name in known:
        assert fields(problem(server.request(method, f"{path}?{name}=1&{name}=1"), 422)) == [name]


def test_idempotency_key(server):
    def post(body, key):
        return server.post("/execute-batch", body, headers={"Idempotency-Key": key})
    key = f"key-{time.time_ns()}"
    first, second = post(GOOD, key), post(GOOD, key)
    assert first.status_code == 202 and second.status_code in (200, 202)
    assert first.json()["token"] == second.json()["token"]
    problem(post({**GOOD, "code": "print(2)"}, key), 422)
    assert post(GOOD, key + "x").json()["token"] != first.json()["token"]
    problem(post(GOOD, "k" * 256), 422)


def test_full_queue(new_server):
    """queue.max_depth waiting submissions: the next gets 503 and Retry-After, and room comes back."""
    server = new_server(queue_max_depth=3, slots=1)
    blocker = {"language": "python", "code": "import time; time.sleep(100)", "test_cases": [{}], "limits": {"wall_time_ms": 60000}}
    tokens, refused = [], None
    for _ in range(20):
        answer = server.post("/execute-batch", blocker)
        if answer.status_code != 202:
            refused = answer
            break
        tokens.append(answer.json()["token"])
    assert refused is not None and len(tokens) >= 3
    problem(refused, 503)
    assert int(refused.headers["Retry-After"]) >= 1
    assert server.get("/healthz").status_code == 200
    for token in tokens:
        assert server.delete(f"/submissions/{token}").status_code in (200, 202, 204)
    assert server.run("python", "print(1)", [{"expected_output": "1"}])["verdict"] == "accepted"


def test_errors_tell_nothing_of_the_inside(server):
    """No paths, versions, errno texts or line numbers of ours in any error."""
    texts = [server.get("/nothing").text, server.post("/execute-batch", {"language": "x"}).text, post_raw(server, b"{").text,
             server.get("/submissions/unknown").text, server.delete("/execute").text]
    for text in texts:
        for secret in ("/root", "/usr", "/work", ".c:", "errno", "sqlite", "libuv", "jansson", str(server.state_dir)):
            assert secret not in text, text
