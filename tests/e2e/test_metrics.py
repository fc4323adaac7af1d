# SPDX-License-Identifier: Apache-2.0
"""/metrics: every line is well-formed, the figures are those of what was really done, and no label carries what a client wrote."""
import re

import pytest
from harness import wait_until

LINE = re.compile(r'^([a-z_]+)(\{([a-z]+="(?:[^"\\\n]|\\.)*",?)+\})? (-?[0-9.e+-]+|\+Inf|NaN)$')


def scrape(server):
    answer = server.get("/metrics")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    figures, types = {}, {}
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in types, "a metric told twice"
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = LINE.match(line)
            assert match, line
            name = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert types.get(name, types.get(match[1])), f"{line}: no TYPE before it"
            series = line.rpartition(" ")[0]
            assert series not in figures, f"{series} twice"
            figures[series] = float(match[4])
    return figures


def test_figures_are_those_of_what_was_done(new_server):
    server = new_server(slots=2)
    before = scrape(server)
    assert before['evalx_queue_depth{queue="default"}'] == 0 and before["evalx_store_up"] == 1
    assert before['evalx_slots{state="busy"}'] == 0 and before['evalx_slots{state="idle"}'] == 2
    assert before['evalx_build_info{version="0.1.0",role="serve"}'] == 1

    c = '#include <stdio.h>\nint main(void) { int n; if (scanf("%d", &n) != 1) return 1; printf("%d\\n", 2 * n); return 0; }'
    for _ in range(2):
        server.result(server.submit({"language": "c", "code": c, "test_cases": [{"stdin": "1", "expected_output": "2"}, {"stdin": "1", "expected_output": "3"}, {}]}))
    server.result(server.submit({"language": "c", "code": "int main(void) { return }", "test_cases": [{}]}))
    after = scrape(server)
    assert after['evalx_submissions_total{status="completed"}'] == 3
    assert after['evalx_tests_total{language="c",verdict="accepted"}'] == after['evalx_tests_total{language="c",verdict="wrong_answer"}'] == 2
    assert after['evalx_tests_total{language="c",verdict="runtime_error"}'] == 2
    assert after['evalx_tests_total{language="c",verdict="compilation_error"}'] == 1
    assert [after[f'evalx_compiles_total{{language="c",result="{result}"}}'] for result in ("ok", "cached", "failed")] == [1, 1, 1]
    assert after['evalx_compile_seconds_count{language="c"}'] == 2 and after['evalx_run_seconds_count{language="c"}'] == 6
    assert after["evalx_queue_wait_seconds_count"] == 3 and after["evalx_sandbox_overhead_seconds_count"] == 6
    assert after['evalx_http_requests_total{route="/execute-batch",code="202"}'] == 3
    assert after['process_open_fds'] > 10 and after["process_resident_memory_bytes"] > 1 << 20


def test_depth_counts_what_waits(new_server):
    server = new_server(queue_paused="true")
    for _ in range(7):
        server.submit({"language": "python", "code": "print(1)"})
    figures = scrape(server)
    assert figures['evalx_queue_depth{queue="default"}'] == 7 and figures["evalx_submissions_running"] == 0
    wait_until(lambda: scrape(server)["evalx_queue_oldest_seconds"] > 0.05, 10, "the oldest to grow older")


def test_busy_slots(new_server):
    server = new_server(slots=2)
    token = server.submit({"language": "bash", "code": "sleep 50", "limits": {"wall_time_ms": 60000}})
    wait_until(lambda: scrape(server)['evalx_slots{state="busy"}'] == 1, 10, "a slot to be busy")
    assert scrape(server)["evalx_submissions_running"] == 1
    server.delete(f"/submissions/{token}")
    wait_until(lambda: scrape(server)['evalx_slots{state="busy"}'] == 0, 10, "the slot to be idle")
    figures = scrape(server)
    assert figures['evalx_leases_lost_total{reason="cancelled"}'] == 1 and figures['evalx_leases_lost_total{reason="lapsed"}'] == 0
    assert figures['evalx_claims_total{attempt="first"}'] == 1 and figures['evalx_claims_total{attempt="again"}'] == 0


@pytest.mark.parametrize("body", [{"language": "python", "code": "print('needle')", "args": ["needle"], "metadata": {"needle": "needle"},
                                   "test_cases": [{"name": "needle", "stdin": "needle"}]}, {"language": "needle", "code": "x"}])
def test_no_label_carries_what_a_client_wrote(server, body):
    answer = server.post("/execute-batch?wait=30", body, headers={"Idempotency-Key": "needle"})
    server.get("/needle")
    server.get("/submissions/needle")
    text = server.get("/metrics").text
    assert "needle" not in text
    if answer.status_code == 200:
        assert answer.json()["token"] not in text


def test_hints_and_what_stays_unexplained(new_server):
    server = new_server(slots=1)
    code = "#include <stdio.h>\nint main(void) {\n    int number = 1;\n    printf(\"%d\\n\", nubmer);\n    return 0;\n}\n"
    server.result(server.submit({"language": "c", "code": code, "test_cases": [{}, {}]}))
    server.result(server.submit({"language": "c", "code": code, "test_cases": [{}], "hints": False}))
    server.result(server.submit({"language": "bash", "code": "exit 37", "test_cases": [{}]}))
    server.result(server.submit({"language": "bash", "code": "exit 0", "test_cases": [{}]}))
    figures = scrape(server)
    given = {series: value for series, value in figures.items() if series.startswith('evalx_hints_total{language="c"')}
    assert len(given) >= 1 and set(given.values()) == {1}, given
    misses = {series: value for series, value in figures.items() if series.startswith("evalx_hint_misses_total")}
    given_bash = [series for series in figures if series.startswith('evalx_hints_total{language="bash"')]
    assert sum(misses.values()) + len(given_bash) == 1, (misses, given_bash)
