#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes evalx.json, the Grafana dashboard, from the table below: rows, panels, queries. To change the dashboard, change this and run

    deploy/grafana/dashboard.py

Figures that every process tells of the one store (MAX_ONLY of tests/deploy/promql.py) are taken by max, never added up.
NS stands for the matcher of the namespace variable, which also fits series that have none.
"""
import json
from pathlib import Path

NS = 'namespace=~"$namespace"'
RATE = "[$__rate_interval]"


def quantiles(metric, by="", matchers=""):
    """p50, p95 and p99 of a histogram; by: a label to keep, then p95 alone."""
    inner = f"rate({metric}_bucket{{{NS}{matchers}}}{RATE})"
    if by:
        return [(f"histogram_quantile(0.95, sum by (le, {by}) ({inner}))", f"{{{{{by}}}}}")]
    return [(f"histogram_quantile({q}, sum by (le) ({inner}))", f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)]


def rate(metric, by, matchers=""):
    return [(f"sum by ({by}) (rate({metric}{{{NS}{matchers}}}{RATE}))", f"{{{{{by}}}}}")]


def own(expression):
    """A figure of the process itself, of evalx' processes only."""
    return [(f"{expression} * on (job, instance) group_left (role) evalx_build_info{{{NS}}}", "{{role}} {{instance}}")]


def panel(title, unit, queries, width=6, kind="timeseries", **options):
    return {"title": title, "unit": unit, "queries": queries, "width": width, "kind": kind, **options}


def stat(title, unit, query, **options):
    return panel(title, unit, [(query, "")], width=3, kind="stat", **options)


PROBES = ', route!~"/healthz|/readyz|/metrics"'
ROWS = [
    ("At a glance", 4, [
        stat("Waiting", "short", f"max(evalx_queue_depth{{{NS}}})", steps=[("green", None), ("yellow", 100), ("red", 1000)]),
        stat("Oldest waits", "s", f"max(evalx_queue_oldest_seconds{{{NS}}})", steps=[("green", None), ("yellow", 10), ("red", 60)]),
        stat("Running", "short", f"max(evalx_submissions_running{{{NS}}})"),
        stat("Slots busy", "percentunit", f'sum(evalx_slots{{{NS}, state="busy"}}) / sum(evalx_slots{{{NS}}})', steps=[("green", None), ("yellow", 0.9)]),
        stat("Workers", "short", f'count(evalx_slots{{{NS}, state="busy"}})', steps=[("red", None), ("green", 1)]),
        stat("Submissions / s", "short", f"sum(rate(evalx_submissions_total{{{NS}}}{RATE}))"),
        stat("5xx", "percentunit", f'(sum(rate(evalx_http_requests_total{{{NS}{PROBES}, code=~"5.."}}{RATE})) or vector(0)) / sum(rate(evalx_http_requests_total{{{NS}{PROBES}}}{RATE}))',
             steps=[("green", None), ("yellow", 0.01), ("red", 0.05)]),
        stat("Store", "short", f"min(evalx_store_up{{{NS}}})", steps=[("red", None), ("green", 1)], words={"0": "away", "1": "up"}),
    ]),
    ("Queue", 8, [
        panel("Waiting and running", "short", [(f"max by (queue) (evalx_queue_depth{{{NS}}})", "waiting in {{queue}}"), (f"max(evalx_submissions_running{{{NS}}})", "running")], fill=20),
        panel("Age of the oldest that waits", "s", [(f"max(evalx_queue_oldest_seconds{{{NS}}})", "oldest")], fill=20),
        panel("From acknowledged to started", "s", quantiles("evalx_queue_wait_seconds")),
        panel("Claims, and claims lost", "ops", rate("evalx_claims_total", "attempt") + [(f"sum by (reason) (rate(evalx_leases_lost_total{{{NS}}}{RATE}))", "lost: {{reason}}")]),
    ]),
    ("Executions", 8, [
        panel("Submissions ended", "ops", rate("evalx_submissions_total", "status"), fill=20),
        panel("Test cases by verdict", "ops", rate("evalx_tests_total", "verdict"), stack=True),
        panel("Test cases by language", "ops", rate("evalx_tests_total", "language"), stack=True),
        panel("Compiling: done, failed, from the cache", "ops", rate("evalx_compiles_total", "result"), stack=True),
        panel("Compiling, p95", "s", quantiles("evalx_compile_seconds", by="language"), width=12),
        panel("Running one test case, p95", "s", quantiles("evalx_run_seconds", by="language"), width=12),
    ]),
    ("Sandbox", 8, [
        panel("Slots", "short", [(f"sum by (state) (evalx_slots{{{NS}}})", "{{state}}")], stack=True),
        panel("What the sandbox adds to a run", "s", quantiles("evalx_sandbox_overhead_seconds")),
        panel("Slots built anew", "short", [(f"sum by (instance) (increase(evalx_slots_rebuilt_total{{{NS}}}{RATE}))", "{{instance}}")]),
        panel("Internal errors", "short", [(f"sum(increase(evalx_internal_errors_total{{{NS}}}{RATE}))", "failed submissions")]),
    ]),
    ("API", 8, [
        panel("Requests by route", "reqps", rate("evalx_http_requests_total", "route", PROBES), width=8, stack=True),
        panel("Requests by status", "reqps", rate("evalx_http_requests_total", "code", PROBES), width=8, stack=True),
        panel("From request to answer, p95 (waiting for results included)", "s", quantiles("evalx_http_request_seconds", by="route", matchers=PROBES), width=8),
    ]),
    ("Webhooks", 8, [
        panel("Tries by outcome", "ops", rate("evalx_webhook_attempts_total", "outcome"), stack=True),
        panel("From event to acknowledgement", "s", quantiles("evalx_webhook_delivery_seconds")),
        panel("Owed, and given up", "short", [(f"max by (state) (evalx_outbox{{{NS}}})", "{{state}}")], fill=20),
        panel("Age of the oldest that is owed", "s", [(f"max(evalx_outbox_oldest_seconds{{{NS}}})", "oldest")], fill=20),
    ]),
    ("Hints", 8, [
        panel("Hints by language", "ops", rate("evalx_hints_total", "language"), width=8, stack=True),
        panel("The ten rules that speak most", "ops", [(f"topk(10, sum by (rule) (rate(evalx_hints_total{{{NS}}}{RATE})))", "{{rule}}")], width=8),
        panel("Failures without a hint, by stage", "ops", rate("evalx_hint_misses_total", "stage"), width=8),
        panel("Crashes run once more", "ops", rate("evalx_crash_reruns_total", "outcome"), width=12),
        panel("Questions to the model", "ops", rate("evalx_model_calls_total", "outcome"), width=12),
    ]),
    ("Processes and store", 8, [
        panel("CPU", "percentunit", own(f"rate(process_cpu_seconds_total{{{NS}}}{RATE})")),
        panel("Resident memory", "bytes", own(f"process_resident_memory_bytes{{{NS}}}")),
        panel("File descriptors and threads", "short", [(f"max(process_open_fds{{{NS}}} and on (job, instance) evalx_build_info{{{NS}}})", "descriptors, most"),
                                                         (f"max(process_threads{{{NS}}} and on (job, instance) evalx_build_info{{{NS}}})", "threads, most")]),
        panel("Calls of the store that failed", "ops", rate("evalx_store_errors_total", "verb")),
    ]),
]
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def thresholds(steps):
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps or [("green", None)]]}


def options_of(spec):
    if spec["kind"] == "stat":
        words = [{"type": "value", "options": {key: {"text": text} for key, text in spec["words"].items()}}] if "words" in spec else []
        defaults = {"unit": spec["unit"], "thresholds": thresholds(spec.get("steps")), "mappings": words}
        options = {"colorMode": "value", "graphMode": "area", "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    else:
        custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if spec.get("stack") else spec.get("fill", 5), "showPoints": "never", "spanNulls": False,
                  "stacking": {"mode": "normal" if spec.get("stack") else "none", "group": "A"}}
        defaults = {"unit": spec["unit"], "min": 0, "custom": custom, "thresholds": thresholds(None)}
        options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return {"fieldConfig": {"defaults": defaults, "overrides": []}, "options": options}


def targets_of(spec):
    return [{"refId": chr(ord("A") + i), "datasource": DATASOURCE, "expr": expr, "legendFormat": legend or "__auto", "range": True}
            for i, (expr, legend) in enumerate(spec["queries"])]


def panels():
    made, y = [], 0
    for title, height, specs in ROWS:
        made.append({"id": len(made) + 1, "type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        x, y = 0, y + 1
        for spec in specs:
            if x + spec["width"] > 24:
                x, y = 0, y + height
            place = {"x": x, "y": y, "w": spec["width"], "h": height}
            made.append({"id": len(made) + 1, "type": spec["kind"], "title": spec["title"], "datasource": DATASOURCE, "gridPos": place, "targets": targets_of(spec), **options_of(spec)})
            x += spec["width"]
        y += height
    return made


def variables():
    every = {"selected": True, "text": "All", "value": "$__all"}
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0, "refresh": 1, "current": {}, "options": []},
        {"name": "namespace", "label": "Namespace", "type": "query", "datasource": DATASOURCE, "query": {"query": "label_values(evalx_build_info, namespace)", "refId": "namespace"},
         "definition": "label_values(evalx_build_info, namespace)", "includeAll": True, "allValue": ".*", "multi": False, "hide": 0, "refresh": 2, "sort": 1, "current": every, "options": []},
    ]


def dashboard():
    return {"uid": "evalx", "title": "evalx", "tags": ["evalx"], "description": "Queue, executions, sandbox, API, webhooks and hints of evalx. What each figure means: docs/observability.md.",
            "schemaVersion": 38, "version": 1, "editable": True, "graphTooltip": 1, "refresh": "10s", "timezone": "browser", "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": variables()}, "annotations": {"list": []}, "links": [], "panels": panels()}


def text():
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("evalx.json").write_text(text())
