# SPDX-License-Identifier: Apache-2.0
"""/openapi.json is valid OpenAPI 3.1 and true: real answers of every route fit the declared schemas, every declared route is there,
every route of the server's table is declared, and requests are accepted exactly when their schema accepts them."""
import json
import re
from pathlib import Path

import jsonschema
import pytest
import requests
from harness import ROOT, wait_until

STRUCTURE = json.loads((Path(__file__).parent / "openapi_schema.json").read_text())
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ECHO = {"language": "python", "code": "print(input())", "test_cases": [{"name": "a", "stdin": "1\n", "expected_output": "1\n"},
                                                                     {"stdin": "1\n", "expected_output": "2\n"}]}
SINGLE = {"language": "c", "code": "int main(void) { return 0; }"}
BROKEN = {"language": "c", "code": "int main(void) { retrun 0; }", "test_cases": [{}]}
SLEEP = {"language": "python", "code": "import time; time.sleep(60)", "test_cases": [{}], "limits": {"wall_time_ms": 60000}}
CRASH = {"language": "python", "code": "import os, sys; sys.stdout.buffer.write(b'\\xff'); sys.stdout.flush(); os.abort()", "test_cases": [{}, {}],
         "metadata": {"a": [1, None]}, "stop_on_first_failure": True}
JUDGED = {"language": "bash", "code": "echo x > a; mkfifo b", "test_cases": [{}], "collect": ["a", "b"],
          "checker": {"type": "program", "language": "bash", "code": "echo points 1 >&2; exit 7"}}


@pytest.fixture(scope="module")
def document(shared_server):
    answer = shared_server.get("/openapi.json")
    assert answer.status_code == 200 and answer.headers["Content-Type"].split(";")[0] == "application/json"
    return answer.json()


def look_up(document, node):
    while isinstance(node, dict) and "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def operations(document):
    return {(method.upper(), path): operation for path, item in document["paths"].items() for method, operation in item.items() if method in METHODS}


def schemas(node, path="#"):
    """Every schema in the document, with where it stands."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "schema":
                yield f"{path}/{key}", value
            elif key == "schemas" and path == "#/components":
                yield from ((f"{path}/schemas/{name}", schema) for name, schema in value.items())
            else:
                yield from schemas(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from schemas(value, f"{path}/{index}")


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def fits(document, schema, value):
    """Validates against a schema of the document; returns the complaints."""
    resolver = jsonschema.RefResolver("", document)
    validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"[:300] for error in validator.iter_errors(value)]


def check_answer(document, method, path, answer):
    """The declared response for this status exists and its schema accepts the body."""
    responses = operations(document)[method, path]["responses"]
    declared = responses.get(str(answer.status_code)) or responses.get(f"{answer.status_code // 100}XX") or responses.get("default")
    assert declared, f"{method} {path} answered {answer.status_code}, which is not declared"
    declared = look_up(document, declared)
    for name, header in declared.get("headers", {}).items():
        if look_up(document, header).get("required"):
            assert name in answer.headers, (method, path, name)
    if not answer.content:
        assert "content" not in declared, f"{method} {path} {answer.status_code}: a body is declared, none came"
        return
    media = answer.headers["Content-Type"].split(";")[0]
    assert media in declared.get("content", {}), f"{method} {path} {answer.status_code}: {media} is not declared"
    if media.endswith("json"):
        assert fits(document, declared["content"][media]["schema"], answer.json()) == [], (method, path, answer.text[:2000])


# ---- the document itself ----

def test_document_is_valid_openapi_3_1(document):
    assert fits(STRUCTURE, STRUCTURE, document) == []


def test_the_structure_check_finds_mistakes(document):
    """The check itself is worth something: each of these breaks it."""
    def broken(change):
        copy = json.loads(json.dumps(document))
        change(copy)
        return fits(STRUCTURE, STRUCTURE, copy)
    path = next(iter(document["paths"]))
    assert broken(lambda d: d.pop("info")) and broken(lambda d: d.update(openapi="3.0.0")) and broken(lambda d: d.update(bogus=1))
    assert broken(lambda d: d["paths"].update({"no-slash": {}})) and broken(lambda d: d["paths"][path].update(fetch={}))
    assert broken(lambda d: d["paths"].update({"/x": {"get": {"responses": {"200": {}}}}}))
    assert broken(lambda d: d["paths"].update({"/x": {"get": {"responses": {"999": {"description": ""}}}}}))
    assert broken(lambda d: d["paths"].update({"/x": {"parameters": [{"name": "a", "in": "path", "schema": {}}]}}))


def test_every_schema_is_a_valid_schema(document):
    found = list(schemas(document))
    assert len(found) > 10
    for where, schema in found:
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            pytest.fail(f"{where}: {error.message}")


def test_every_reference_leads_somewhere_and_every_component_is_used(document):
    used = set(references(document))
    for reference in used:
        assert look_up(document, {"$ref": reference}) is not None, reference
    for kind in ("schemas", "responses", "parameters", "headers", "requestBodies"):
        for name in document.get("components", {}).get(kind, {}):
            assert f"#/components/{kind}/{name}" in used, f"{kind}/{name} is never used"


def test_operation_ids_and_path_parameters(document):
    ids = [operation.get("operationId") for operation in operations(document).values()]
    assert None not in ids and len(set(ids)) == len(ids)
    for (method, path), operation in operations(document).items():
        declared = [look_up(document, parameter) for parameter in document["paths"][path].get("parameters", []) + operation.get("parameters", [])]
        in_path = {parameter["name"] for parameter in declared if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"{([^}]+)}", path)), (method, path)
        assert operation.get("summary") or operation.get("description"), (method, path)


# ---- the server and the document say the same ----

def concrete(path, token="unknown"):
    return re.sub(r"{[^}]+}", token, path)


def test_every_declared_route_exists_and_has_no_other_methods(server, document):
    for path, item in document["paths"].items():
        answer = server.request("PATCH", concrete(path))
        assert answer.status_code == 405, (path, answer.status_code)
        allowed = {name.strip() for name in answer.headers["Allow"].split(",")} - {"HEAD", "OPTIONS"}
        assert allowed == {method.upper() for method in item if method in METHODS} - {"HEAD", "OPTIONS"}, path


def test_every_route_of_the_server_is_declared(document):
    """The routes in the source are the ones in the document."""
    declared = {concrete(path, "{}") for path in document["paths"]}
    in_source = set()
    for source in (ROOT / "src/api").glob("*.c"):
        in_source |= set(re.findall(r'\.path\s*=\s*"(/[^"]*)"', source.read_text()))
        in_source |= set(re.findall(r'{\s*"(?:GET|POST|DELETE|PUT|PATCH)",\s*"(/[^"]*)"', source.read_text()))
    assert in_source, "found no route table in src/api"
    assert in_source == declared


def test_limits_have_the_bounds_of_the_servers_table(server, document):
    """model/limits.h, the document, the table in docs/api.md, and what the server takes are one."""
    table = re.findall(r'X\(\w+,\s*"(\w+)",\s*(\d+),\s*(\d+),\s*(\d+)\)', (ROOT / "src/model/limits.h").read_text())
    declared = document["components"]["schemas"]["Limits"]["properties"]
    assert {name: int(least) for name, _, least, _ in table} == {name: schema["minimum"] for name, schema in declared.items()}
    manual = (ROOT / "docs/api.md").read_text()
    for name, default, least, cap in table:
        assert f"| `{name}` | {default} | {least} | {cap} |" in manual, name
        answer = server.post("/execute-batch", {**SINGLE, "limits": {name: int(least) - 1}, "test_cases": [{}]})
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == f"limits.{name}", answer.text
        assert server.post("/execute-batch", {**SINGLE, "limits": {name: int(least)}, "test_cases": [{}]}).status_code == 202, name


def test_refusals_of_http_itself_fit_the_document(server, document):
    default = look_up(document, document["paths"]["/healthz"]["get"]["responses"]["default"])
    schema = default["content"]["application/problem+json"]["schema"]
    for status, method, headers in ((405, "FOO", {}), (417, "GET", {"Expect": "tea"}), (414, "GET", None), (431, "GET", {"X": "x" * 100000})):
        path = "/healthz" if headers is not None else "/healthz?" + "x" * 100000
        answer = server.request(method, path, headers=headers)
        assert answer.status_code == status and answer.headers["Content-Type"] == "application/problem+json", (status, answer.text)
        assert fits(document, schema, answer.json()) == [] and str(status) in default["description"]
        assert status != 405 or answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_version_is_the_servers(server, document):
    assert document["info"]["version"] == server.get("/version").json()["version"]


def test_answers_of_every_route_fit_their_schemas(server, document):
    seen = set()

    def call(method, path, body=None, token="unknown", query="", status=None, **options):
        if body is not None:
            options["json"] = body
        answer = requests.request(method, server.url(concrete(path, token)) + query, timeout=90, **options)
        if status:
            assert answer.status_code == status, (method, path, answer.status_code, answer.text[:500])
        check_answer(document, method, path, answer)
        seen.add((method, path))
        return answer

    get = next(path for path in document["paths"] if re.fullmatch(r"/submissions/{[^}]+}", path))
    events = get + "/events"
    for path in ("/execute-batch", "/execute/batch"):
        token = call("POST", path, ECHO, status=202).json()["token"]
        call("POST", path, ECHO, query="?wait=60", status=200)
        call("POST", path, [{**SINGLE, "stdin": ""}, {"stdin": "x"}], query="?wait=60", status=200)
        call("POST", path, BROKEN, query="?wait=60", status=200)
        call("POST", path, JUDGED, query="?wait=60", status=200)
        call("POST", path, {"bogus": 1}, status=422)
        call("POST", path, data="{", headers={"Content-Type": "application/json"}, status=400)
        call("POST", path, data="x", headers={"Content-Type": "text/plain"}, status=415)
        call("POST", path, ECHO, query="?wait=1000")
        call("POST", path, data=b" " * (16 * 1024 * 1024 + 1), headers={"Content-Type": "application/json"}, status=413)
    call("POST", "/execute", SINGLE, status=200)
    call("POST", "/execute", {**SINGLE, "language": "klingon"}, status=422)
    call("POST", "/execute", {**SINGLE, "code": "int main(void) { for (;;) ; }", "limits": {"cpu_time_ms": 100}}, status=200)
    call("GET", get, token=token, query="?wait=60", status=200)
    call("GET", get, token=token, query="?encoding=base64", status=200)
    call("GET", get, token=token, query="?fields=status,results", status=200)
    call("GET", get, token=token, query="?fields=bogus")
    call("GET", get, status=404)
    for body in (CRASH, SLEEP):
        running = server.submit(body)
        call("GET", get, token=running, query="?wait=1", status=200)
        call("DELETE", get, token=running)
        call("GET", get, token=running)
    call("DELETE", get, token=token)
    call("DELETE", get, status=404)
    refused = server.submit({**ECHO, "webhook_url": "http://127.0.0.1/"})
    wait_until(lambda: server.get(f"/submissions/{refused}").json()["webhook"]["state"] == "dead", 20, "it to be given up")
    call("GET", get, token=refused, status=200)
    call("POST", f"{get}/webhook/resend", token=refused, status=202)
    call("POST", f"{get}/webhook/resend", token=token, status=404)
    token = server.submit(ECHO)
    server.result(token)
    call("GET", events, token=token, status=200)
    call("GET", events, status=404)
    for path in ("/languages", "/version", "/healthz", "/readyz", "/metrics", "/openapi.json"):
        call("GET", path, status=200)
    call("GET", "/languages", query="?all=true", status=200)
    assert seen == set(operations(document)), "a declared operation was not tried, or the other way round"


def test_an_overloaded_server_answers_as_declared(new_server, document):
    server = new_server(queue_paused="true", queue_max_depth=1)
    server.submit(ECHO)
    answer = server.post("/execute-batch", ECHO)
    assert answer.status_code == 503
    check_answer(document, "POST", "/execute-batch", answer)


def test_event_data_fits_the_result_schema(server, document):
    """A `done` event carries the submission document or a part of it; `test` events carry one result."""
    token = server.submit(ECHO)
    server.result(token)
    text = server.get(f"/submissions/{token}/events").text
    data = [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]
    assert data and all(isinstance(item, dict) for item in data)


def request_schema(document, path):
    body = look_up(document, operations(document)["POST", path]["requestBody"])
    return body["content"]["application/json"]["schema"]


@pytest.mark.parametrize("body", [ECHO, SLEEP, BROKEN, [{**SINGLE, "stdin": "x"}, {"stdin": "y", "expected_output": "z"}],
                                  {**ECHO, "version": "3", "files": [{"name": "a/b.txt", "content": "x"}], "compiler_options": [], "args": ["a"],
                                   "limits": {"cpu_time_ms": 1000, "wall_time_ms": 2000, "memory_kb": 65536, "processes": 10, "output_kb": 10, "stack_kb": 1024, "file_kb": 10},
                                   "checker": {"type": "float", "abs": 0.1, "rel": 0}, "stop_on_first_failure": True, "priority": -10, "metadata": {"x": []}, "encoding": "utf8"},
                                  {**ECHO, "collect": ["out.txt"], "checker": {"type": "program", "language": "bash", "code": "exit 0", "version": None, "files": [{"name": "a", "content": ""}]}},
                                  {**ECHO, "checker": {"type": "interactor", "language": "bash", "code": "exit 0"}}])
def test_good_requests_fit_the_request_schema(server, document, body):
    assert fits(document, request_schema(document, "/execute-batch"), body) == []
    assert server.post("/execute-batch", body).status_code == 202


@pytest.mark.parametrize("body", [{**ECHO, "bogus": 1}, {**ECHO, "language": 5}, {**ECHO, "test_cases": []}, {**ECHO, "test_cases": [{}] * 1001}, {**ECHO, "limits": {"cpu_time_ms": 0}},
                                  {**ECHO, "limits": {"bogus": 1}}, {**ECHO, "checker": {"type": "magic"}}, {**ECHO, "checker": {"type": "program", "code": "x"}}, {**ECHO, "checker": {"type": "tokens", "code": "x"}}, {**ECHO, "collect": ["a", "a"]}, {**ECHO, "encoding": "latin1"}, {**ECHO, "priority": 11},
                                  {**ECHO, "test_cases": [{"bogus": 1}]}, {**ECHO, "metadata": []}, {"code": "x", "test_cases": [{}]}, 5, "x", []])
def test_bad_requests_do_not_fit_the_request_schema(server, document, body):
    assert fits(document, request_schema(document, "/execute-batch"), body) != []
    assert server.post("/execute-batch", data=json.dumps(body), headers={"Content-Type": "application/json"}).status_code == 422
