# SPDX-License-Identifier: Apache-2.0
"""What a PromQL expression reads: metrics with the labels that are matched, grouped by or shown. As much of the language as rules and dashboards use."""
import re
from collections import defaultdict

# The whole store's, told alike by every process: to be taken by max (or min, for what is up), never added up.
MAX_ONLY = ("evalx_queue_depth", "evalx_queue_oldest_seconds", "evalx_submissions_running", "evalx_outbox", "evalx_outbox_oldest_seconds")
# What Prometheus itself adds to a sample, from its configuration or its PodMonitor.
TARGET_LABELS = {"job", "instance", "namespace", "pod", "le"}
METRIC = re.compile(r"\b((?:evalx|process)_[a-z_]+|evalx:[a-z0-9_:]+|up)\b(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
MATCHER = re.compile(r'\s*([a-z_]+)\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"\s*(?:,|$)')
SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def metrics_of(expression):
    """[(name, {labels matched})]; words inside strings and groupings are no metrics."""
    bare = GROUPED.sub(" ", expression)
    found = []
    for match in METRIC.finditer(bare):
        inside, labels = match[2] or "", set()
        while inside.strip():
            one = MATCHER.match(inside)
            assert one, f"cannot read the matchers of {match[0]}"
            labels.add(one[1])
            inside = inside[one.end():]
        found.append((match[1], labels))
    return found


def grouped_by(expression):
    return {label.strip() for match in GROUPED.finditer(expression) for label in match[1].split(",") if label.strip()}


def not_by_max(expression):
    """The metrics of MAX_ONLY in it that are read otherwise than as max (…) or max by (…) (…)."""
    wrong = []
    for match in METRIC.finditer(expression):
        before = re.sub(r"\s+", " ", expression[:match.start()])
        if match[1] in MAX_ONLY and not re.search(r"\bmax ?(?:(?:by|without) ?\([^)]*\) ?)?\( ?$", before):
            wrong.append(match[1])
    return wrong


def base_name(name):
    return re.sub(r"_(bucket|sum|count)$", "", name)


def exposition(text):
    """{metric: {label names}}, {metric: (type, help)} and {series: value} of a scrape. Of a histogram: its own name, without suffix."""
    labels, told, series = defaultdict(set), {}, {}
    kinds, helps = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            kinds[name] = kind
        elif line.startswith("# HELP "):
            _, _, name, words = line.split(" ", 3)
            helps[name] = words
        else:
            name, inside, value = SAMPLE.match(line).groups()
            series[line.rpartition(" ")[0]] = float(value)
            name = name if name in kinds else base_name(name)
            labels[name] |= {label for label, _ in LABEL.findall(inside or "")} - {"le"}
    for name, kind in kinds.items():
        told[name] = (kind, helps[name])
    return dict(labels), told, series


def label_values(text):
    """{label: {values}} over a whole scrape."""
    values = defaultdict(set)
    for line in text.splitlines():
        if not line.startswith("#"):
            for label, value in LABEL.findall(line):
                values[label].add(value)
    return values
