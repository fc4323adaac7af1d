# SPDX-License-Identifier: Apache-2.0
"""Metrics as Prometheus sees them: names, labels and values of the real binary in all its roles; the shipped rules, alerts and dashboard against them, and
against a real Prometheus; docs/observability.md against all of it."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from harness import EVALX, ROOT, SLOW, Server, children_of, run_cli, wait_until
from monitoring import SHIPPED, Installation, Prometheus
from promql import LABEL, MAX_ONLY, TARGET_LABELS, base_name, exposition, grouped_by, label_values, metrics_of, not_by_max

RULES = [rule for file in sorted(SHIPPED.glob("rules/*.yaml")) for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARD = json.loads((GRAFANA / "evalx.json").read_text())
QUERIES = [(panel["title"], target["expr"], target["legendFormat"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
DOCS = (ROOT / "docs" / "observability.md").read_text()
C = '#include <stdio.h>\nint main(void) { int n; if (scanf("%d", &n) != 1) return 1; printf("%d\\n", 2 * n); return 0; }'
needs_prometheus = pytest.mark.skipif(not shutil.which("promtool"), reason="there is no promtool here (scripts/setup.sh deploy)")
WHOLE_STORE = {"waiting": 'evalx_queue_depth{queue="default"}', "running": "evalx_submissions_running", "oldest": "evalx_queue_oldest_seconds"}


def exercise(server, receiver):
    """Something of everything that is counted."""
    hook = {"webhook_url": receiver.url("/hook")}
    tokens = [server.submit({"language": "c", "code": C, "test_cases": [{"stdin": "1", "expected_output": "2"}, {"stdin": "1", "expected_output": "3"}], **hook}),
              server.submit({"language": "c", "code": "int main(void) { retrn 0; }", "webhook_url": receiver.url("/refuse")}),
              server.submit({"language": "bash", "code": "exit 37", **hook})]
    for token in tokens:
        assert server.result(token)["status"] == "completed"
    server.get("/languages")
    server.get("/submissions/needle")
    assert server.post("/execute-batch", {"language": "needle", "code": "needle"}).status_code == 422


def settled(server):
    values = exposition(server.get("/metrics").text)[2]
    return values['evalx_webhook_attempts_total{outcome="dead"}'] >= 1 and values['evalx_webhook_attempts_total{outcome="delivered"}'] >= 2


@pytest.fixture(scope="module")
def watched():
    """An installation with all that there is to count, and the Prometheus that has watched it from the start, if there is one here."""
    installation, prometheus = Installation(workers=2), None
    try:
        installation.start()
        if shutil.which("prometheus"):
            prometheus = Prometheus(installation.jobs(), every="500ms").start(wait=False)
        fresh = {node: node.get("/metrics").text for node in installation.nodes}
        for front in (installation.api, installation.serve):
            exercise(front, installation.receiver)
        for front in (installation.api, installation.serve):
            wait_until(lambda one=front: settled(one), 20, "webhooks to be delivered and given up")
        yield installation, prometheus, fresh
    finally:
        if prometheus:
            prometheus.close()
        installation.close()


@pytest.fixture(scope="module")
def installation(watched):
    return watched[0]


@pytest.fixture(scope="module")
def scrapes(installation):
    return {node: node.get("/metrics").text for node in installation.nodes}


@pytest.fixture(scope="module")
def exported(scrapes):
    """{metric: {labels}} and {metric: {roles}} over all roles."""
    labels, roles = {}, {}
    for node, text in scrapes.items():
        for name, some in exposition(text)[0].items():
            labels.setdefault(name, set()).update(some)
            roles.setdefault(name, set()).add(node.role)
    return labels, roles


@pytest.fixture(scope="module")
def prometheus(watched):
    watched[1].wait_ready()
    return watched[1]


# ---- what is exported ----

@needs_prometheus
def test_promtool_has_nothing_to_say_of_the_metrics(scrapes):
    for node, text in scrapes.items():
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", ""), node.role
    broken = subprocess.run(["promtool", "check", "metrics"], input="# TYPE evalx_bad counter\nevalx_bad 1\n", capture_output=True, text=True, timeout=30)
    assert broken.returncode != 0, "promtool finds nothing, whatever it is given"


def test_each_role_exports_what_it_has(scrapes):
    everywhere = {"evalx_build_info", "evalx_queue_depth", "evalx_queue_oldest_seconds", "evalx_submissions_running", "evalx_store_up", "evalx_store_errors_total", "evalx_outbox",
                  "evalx_outbox_oldest_seconds", "evalx_http_requests_total", "evalx_http_request_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes",
                  "process_virtual_memory_bytes", "process_threads", "process_open_fds", "process_max_fds", "process_start_time_seconds"}
    executes = {"evalx_slots", "evalx_slots_rebuilt_total", "evalx_submissions_total", "evalx_claims_total", "evalx_leases_lost_total", "evalx_internal_errors_total",
                "evalx_queue_wait_seconds", "evalx_sandbox_overhead_seconds", "evalx_crash_reruns_total", "evalx_model_calls_total"}
    sends = {"evalx_webhook_attempts_total", "evalx_webhook_delivery_seconds"}
    by_language = {"evalx_tests_total", "evalx_compiles_total", "evalx_compile_seconds", "evalx_run_seconds", "evalx_hints_total", "evalx_hint_misses_total"}
    wanted = {"api": everywhere | sends, "worker": everywhere | executes, "serve": everywhere | executes | sends | by_language}
    for node, text in scrapes.items():
        assert set(exposition(text)[0]) - by_language == wanted[node.role] - by_language, node.role
        assert f'evalx_build_info{{version="{run_cli("version").stdout.split()[-1]}",role="{node.role}"}} 1' in text
    assert {name for text in scrapes.values() for name in exposition(text)[0]} == set().union(*wanted.values())
    catalogue = (ROOT / "src" / "metrics" / "metrics.h").read_text()
    assert set().union(*wanted.values()) == set(re.findall(r'^  X\([A-Z_]+, .*?"([a-z_]+)"', catalogue, re.M)), "the catalogue has metrics that nobody counts"
    workers = set().union(*(set(exposition(text)[0]) for node, text in scrapes.items() if node.role == "worker"))
    assert workers == wanted["worker"] | by_language


def test_what_is_alarmed_on_is_there_before_it_happens(watched):
    """Prometheus sees no rise in a counter that comes with its first event."""
    for node, text in watched[2].items():
        values = exposition(text)[2]
        expected = ['evalx_store_errors_total{verb="complete"}', 'evalx_store_errors_total{verb="submit"}', 'evalx_store_errors_total{verb="depth"}']
        if node.role != "api":
            expected += ["evalx_internal_errors_total", "evalx_slots_rebuilt_total", 'evalx_leases_lost_total{reason="lapsed"}', 'evalx_claims_total{attempt="again"}',
                         'evalx_submissions_total{status="failed"}']
        else:
            expected.append('evalx_webhook_attempts_total{outcome="dead"}')
        assert set(expected) <= set(values), node.role
        assert not any(values[name] for name in expected if "store" not in name), node.role


def test_label_values_come_from_closed_sets(scrapes):
    languages = {language["name"] for language in json.loads(run_cli("languages", "--json").stdout)["languages"]} | {"unknown"}
    paths = set(json.loads((ROOT / "src" / "api" / "openapi.json").read_text())["paths"])
    routes = {re.sub(r"\{[a-z]+\}", "{}", path) for path in paths}
    closed = {"language": languages, "route": routes, "queue": {"default"}, "state": {"busy", "idle", "pending", "dead"}, "status": {"completed", "failed"},
              "outcome": {"delivered", "retry", "dead", "explained", "unexplained", "cached", "dropped", "failed", "hint"}, "reason": {"lapsed", "cancelled"}, "attempt": {"first", "again"}, "result": {"ok", "failed", "cached"},
              "stage": {"compile", "run", "verdict"}, "role": {"serve", "api", "worker"}}
    patterns = {"le": r"[0-9.e+-]+|\+Inf", "code": r"[1-5]\d\d", "verb": r"[a-z_]+", "verdict": r"[a-z_]+", "rule": r"[a-z0-9.-]+", "version": r"[0-9.]+"}
    for text in scrapes.values():
        assert "needle" not in text
        for label, values in label_values(text).items():
            if label in closed:
                assert values <= closed[label], label
            else:
                assert all(re.fullmatch(patterns[label], value) for value in values), (label, values)


def test_one_queue_one_figure_from_every_process(installation):
    """The workers are too busy for what waits; each process tells the same depth, and not a part of it."""
    cluster = [installation.api, *installation.workers]
    busy = [installation.api.submit({"language": "bash", "code": "sleep 60", "limits": {"wall_time_ms": 60000}, "test_cases": [{}]}) for _ in range(9)]

    def told():
        return [tuple(exposition(node.get("/metrics").text)[2][WHOLE_STORE[name]] for name in ("waiting", "running")) for node in cluster]

    def alike():
        figures = told()
        waiting, running = figures[0]
        return figures == [(waiting, running)] * 3 and waiting > 0 and running >= 2 and waiting + running == 9
    try:
        wait_until(alike, 20, lambda: f"all to tell of nine, most of which wait: {told()}")
    finally:
        for token in busy:
            installation.api.delete(f"/submissions/{token}")
    wait_until(lambda: told() == [(0, 0)] * 3, 20, lambda: f"the queue to be empty: {told()}")


def test_the_queue_is_labelled_by_its_name(installation):
    node = Server(role="api", store_url=f"{installation.redis.url}?queue=exams")
    try:
        node.start()
        assert 'evalx_queue_depth{queue="exams"} 0' in node.get("/metrics").text
    finally:
        node.close()


@pytest.mark.skipif(bool(SLOW > 1), reason="measures time")
def test_a_scrape_is_cheap(installation):
    """No client may be slowed down by being watched: the median of 20 scrapes, with a bound that a loaded machine keeps."""
    for node in installation.nodes:
        times = []
        for _ in range(20):
            begun = time.perf_counter()
            size = len(node.get("/metrics").content)
            times.append(time.perf_counter() - begun)
        assert sorted(times)[10] < 0.05, (node.role, sorted(times)[10])
        assert size < 200_000, (node.role, size)


# ---- rules and alerts ----

@needs_prometheus
@pytest.mark.parametrize("arguments", [["check", "config", "prometheus.yml"], ["check", "rules", "--lint=all", "--lint-fatal", "rules/recording.yaml", "rules/alerts.yaml"],
                                       ["test", "rules", "tests/recording.yaml", "tests/alerts.yaml"]], ids=" ".join)
def test_promtool(arguments):
    done = subprocess.run(["promtool", *arguments], cwd=SHIPPED, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_both_ways_and_explained():
    fires, rests = set(), set()
    for case in yaml.safe_load((SHIPPED / "tests" / "alerts.yaml").read_text())["tests"]:
        for check in case["alert_rule_test"]:
            (fires if check.get("exp_alerts") else rests).add(check["alertname"])
    names = {rule["alert"] for rule in ALERTS}
    assert names == fires == rests and len(names) == len(ALERTS)
    headings = {re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in DOCS.splitlines() if line.startswith("#")}
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}, rule["alert"]
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/observability.md" and anchor in headings, rule["alert"]


def test_the_operator_s_rules_are_the_same():
    made = subprocess.run([SHIPPED / "prometheusrule.sh"], capture_output=True, text=True, timeout=30, check=True)
    assert (SHIPPED / "prometheusrule.yaml").read_text() == made.stdout, "run deploy/prometheus/prometheusrule.sh > deploy/prometheus/prometheusrule.yaml"
    resource = yaml.safe_load(made.stdout)
    assert (resource["apiVersion"], resource["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert [rule for group in resource["spec"]["groups"] for rule in group["rules"]] == RULES


def unknown_words(expression, exported, legend=""):
    """What it names that neither the binary nor a recording rule has."""
    labels, _ = exported
    records = {rule["record"]: grouped_by(rule["expr"]) for rule in RULES if "record" in rule}
    known_labels, wrong = set(TARGET_LABELS), []
    for name, matched in metrics_of(expression):
        of = records.get(name, labels.get(name, labels.get(base_name(name))))
        if name == "up":
            of = set()
        if of is None:
            wrong.append(name)
            continue
        known_labels |= of
        wrong += [f"{name}{{{label}}}" for label in matched - of - TARGET_LABELS]
    wrong += sorted(grouped_by(expression) - known_labels)
    return wrong + sorted(set(re.findall(r"\{\{\s*([a-z_]+)\s*\}\}", legend)) - known_labels)


@pytest.mark.parametrize("expression, wrong", [("max(evalx_queue_deep)", ["evalx_queue_deep"]), ('sum(evalx_slots{status="busy"})', ["evalx_slots{status}"]),
                                               ("sum by (verdict) (evalx_slots)", ["verdict"]), ("evalx:no:such", ["evalx:no:such"])])
def test_the_check_of_names_finds_mistakes(expression, wrong, exported):
    assert unknown_words(expression, exported) == wrong


def test_rules_and_dashboard_read_what_the_binary_exports(exported):
    for rule in RULES:
        assert unknown_words(rule["expr"], exported) == [], rule
    for title, expression, legend in QUERIES:
        assert unknown_words(expression, exported, legend) == [], title


def test_the_dashboard_leaves_nothing_out(exported):
    shown = {base_name(name) if name not in exported[0] else name for _, expression, _ in QUERIES for name, _ in metrics_of(expression)}
    left_out = {"process_virtual_memory_bytes", "process_start_time_seconds", "process_max_fds"}
    assert set(exported[0]) - shown == left_out


@pytest.mark.parametrize("expression, wrong", [("sum(evalx_queue_depth)", ["evalx_queue_depth"]), ("evalx_outbox > 3", ["evalx_outbox"]),
                                               ("sum(max by (namespace) (evalx_queue_depth))", []), ('max (evalx_outbox{state="dead"})', []),
                                               ("max by (queue) (evalx_queue_depth) + avg(evalx_submissions_running)", ["evalx_submissions_running"])])
def test_the_check_for_max_finds_mistakes(expression, wrong):
    assert not_by_max(expression) == wrong


def test_what_every_process_tells_alike_is_never_added_up(exported):
    assert set(MAX_ONLY) <= set(exported[0])
    for rule in RULES:
        assert not_by_max(rule["expr"]) == [], rule
    for title, expression, _ in QUERIES:
        assert not_by_max(expression) == [], title
    added_up = re.compile(r"\b(?:sum|avg|count)\s*(?:(?:by|without)\s*\([^)]*\)\s*)?\(\s*(?:" + "|".join(MAX_ONLY) + r")\b")
    assert added_up.search("sum by (queue) (evalx_queue_depth)")
    for file in sorted((ROOT / "deploy").rglob("*")):  # autoscalers' queries as well
        if file.is_file() and file.suffix in (".yaml", ".yml", ".json", ".tpl", ".py"):
            assert not added_up.search(file.read_text()), file


# ---- the dashboard ----

def test_the_dashboard_is_what_its_table_says():
    made = subprocess.run([sys.executable, "-c", "import dashboard; print(dashboard.text(), end='')"], cwd=GRAFANA, capture_output=True, text=True, timeout=30, check=True,
                          env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert (GRAFANA / "evalx.json").read_text() == made.stdout, "run deploy/grafana/dashboard.py"


def test_the_dashboard_is_laid_out_without_holes_or_overlaps():
    panels, taken = DASHBOARD["panels"], {}
    assert len({panel["id"] for panel in panels}) == len(panels) and len({panel["title"] for panel in panels}) == len(panels)
    assert [panel["title"] for panel in panels if panel["type"] == "row"] == ["At a glance", "Queue", "Executions", "Sandbox", "API", "Webhooks", "Hints", "Processes and store"]
    for panel in panels:
        place = panel["gridPos"]
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
            assert cell not in taken and cell[0] < 24, panel["title"]
            taken[cell] = panel["title"]
    assert len(taken) == 24 * (1 + max(y for _, y in taken)), "there are holes"
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    for panel in panels:
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert {name for target in panel["targets"] for name in re.findall(r"\$(\w+)", target["expr"])} <= variables | {"__rate_interval"}


def filled_in(expression):
    return expression.replace("$__rate_interval", "1m").replace("$namespace", ".*")


@needs_prometheus
def test_every_query_has_an_answer_from_a_real_prometheus(installation, prometheus):
    """Rates need two scrapes with something counted between: what is done until each panel has something to show."""
    todo = {expression for _, expression, _ in QUERIES}

    def all_answered():
        exercise(installation.api, installation.receiver)
        for expression in list(todo):
            if prometheus.query(filled_in(expression)):
                todo.discard(expression)
        return not todo
    wait_until(all_answered, 40, lambda: f"these to have an answer: {todo}", pause=0.5)
    for rule in RULES:
        prometheus.query(rule["expr"])
    labels = {name for series in prometheus.ask("series", **{"match[]": "evalx_slots"}) for name in series}
    assert labels == {"__name__", "instance", "job", "state"}


@needs_prometheus
def test_prometheus_runs_the_shipped_rules(prometheus):
    def groups():
        return prometheus.ask("rules")["groups"]
    wait_until(lambda: all(rule["health"] == "ok" for group in groups() for rule in group["rules"]), 20, "every rule to have been evaluated")
    assert sum(len(group["rules"]) for group in groups()) == len(RULES)


# ---- an outage ----

def test_a_worker_that_hangs_loses_its_claim_and_another_takes_it_over(installation):
    token = installation.api.submit({"language": "bash", "code": "sleep 2; echo 7", "test_cases": [{"expected_output": "7\n"}]})

    def values(node):
        return exposition(node.get("/metrics").text)[2]
    taker = wait_until(lambda: next((worker for worker in installation.workers if values(worker)['evalx_slots{state="busy"}'] == 1), None), 20, "a worker to take it")
    other, = [worker for worker in installation.workers if worker is not taker]
    before, lost = values(other)['evalx_claims_total{attempt="again"}'], values(taker)
    os.kill(taker.process.pid, signal.SIGSTOP)
    try:
        assert installation.api.result(token)["verdict"] == "accepted"
    finally:
        os.kill(taker.process.pid, signal.SIGCONT)
    assert values(other)['evalx_claims_total{attempt="again"}'] > before
    lapsed, cancelled = ('evalx_leases_lost_total{reason="%s"}' % reason for reason in ("lapsed", "cancelled"))
    wait_until(lambda: values(taker)[lapsed] > lost[lapsed], 20, "the loss to be known")
    assert values(taker)[cancelled] == lost[cancelled]


def test_slots_that_die_are_counted_when_they_are_built_anew(installation):
    worker = installation.serve
    jail = next(pid for pid in children_of(worker.process.pid) if Path(f"/proc/{pid}/comm").read_text().strip() == "evalx-jail")
    slots = [pid for pid in children_of(jail) if int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == jail]

    def rebuilt():
        worker.run("bash", "echo 7")
        return exposition(worker.get("/metrics").text)[2]["evalx_slots_rebuilt_total"]
    assert rebuilt() == 0 and len(slots) == 2  # the second is the companion, for interactors
    for slot in slots:
        os.kill(slot, signal.SIGKILL)
    wait_until(lambda: rebuilt() >= 1, 20, "the slot to be built anew")


@needs_prometheus
def test_no_figure_is_told_of_a_store_that_is_away(installation, prometheus):
    """An autoscaler holds when there is no sample. An outage that read as depth 0, or as what it was, would end workers or start them. Last: it leaves errors behind."""
    cluster = [installation.api, *installation.workers]
    depth, recorded = 'max(evalx_queue_depth{job="evalx"})', "evalx:queue_depth:max"
    told = ("evalx_queue_depth", "evalx_queue_oldest_seconds", "evalx_submissions_running", "evalx_outbox", "evalx_outbox_oldest_seconds")

    def scrape(node):
        begun = time.monotonic()
        text = node.get("/metrics", timeout=30).text
        assert time.monotonic() - begun < 5 * SLOW, f"a scrape of {node.role} was held up for {time.monotonic() - begun} s"
        return text

    wait_until(lambda: prometheus.query(depth), 20, "a depth")
    installation.redis.process.send_signal(signal.SIGSTOP)  # it hangs, which is worse than being gone
    try:
        for node in cluster:
            text = scrape(node)
            assert "evalx_store_up 0\n" in text and not [name for name in told if f"\n{name}" in text], node.role
            assert node.get("/healthz").status_code == 200
        wait_until(lambda: not prometheus.query(depth), 20, "the depth to be absent")
        wait_until(lambda: not prometheus.query('up{job="evalx"} == 0'), 20, "scrapes to succeed all the same")
        wait_until(lambda: prometheus.query('max(evalx_store_up{job="evalx"})') == [({}, 0)], 20, "Prometheus to know that the store is away")
        wait_until(lambda: prometheus.query('sum(evalx_slots{job="evalx"})') == [({}, 2)], 20, "what is the processes' own to be told on")
        assert not prometheus.query(depth)
    finally:
        installation.redis.process.send_signal(signal.SIGCONT)
    wait_until(lambda: prometheus.query(depth), 20, "the depth to be back")
    wait_until(lambda: prometheus.query(recorded), 20, "the record to be back")
    for node in cluster:
        wait_until(lambda one=node: "evalx_store_up 1\n" in scrape(one), 20, "the store to be up again")
        errors = {series: value for series, value in exposition(scrape(node))[2].items() if series.startswith("evalx_store_errors_total") and value > 0}
        assert {dict(LABEL.findall(series))["verb"] for series in errors} & {"depth", "outbox_depth"}, errors


# ---- the documentation ----

def test_the_table_of_metrics_is_the_binary_s(exported, scrapes):
    """| `name` | type | labels | roles | meaning |"""
    rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \|([^|]*)\|([^|]*)\| (.+) \|$", DOCS, re.M)
    labels, roles = exported
    told = {name: kind for text in scrapes.values() for name, (kind, _) in exposition(text)[1].items()}
    written = {name: (kind, set(re.findall(r"`(\w+)`", some)), {"serve", "api", "worker"} if who.strip() == "all" else set(re.findall(r"\w+", who))) for name, kind, some, who, _ in rows}
    assert len(rows) == len(written)
    assert written == {name: (told[name], labels[name], roles[name]) for name in labels}


def test_the_documentation_names_files_that_are_there():
    for path in re.findall(r"\]\(([^)#:]+)\)", DOCS):
        assert (ROOT / "docs" / path).exists(), path
    for path in re.findall(r"`((?:deploy|src|tests|scripts)/[\w./-]+)`", DOCS):
        assert (ROOT / path).exists(), path
    assert EVALX.exists()
