#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up what the test runners wrote and prints, as the very last line, `N passed, N failed, N skipped`.

    tests/summarize.py FILE…      meson's testlog.json, pytest's junit.xml, or a text file that ends in such a line

A cmocka program says what it ran in TAP (CMOCKA_MESSAGE_OUTPUT=TAP); one that dies, times out or reports fewer cases than it
announced counts as failed. Skips are listed with their reasons. Exits 1 when anything failed, a file is missing, or nothing passed.
"""
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

TAP_LINE = re.compile(r"^(not ok|ok) (\d+)(?: -)?\s*(.*)$", re.M)
TAP_PLAN = re.compile(r"^1\.\.(\d+)\s*$", re.M)
TOTALS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")


class Totals:
    def __init__(self):
        self.passed, self.failures, self.skips = 0, [], []

    def add(self, outcome, name, reason=""):
        if outcome == "passed":
            self.passed += 1
        else:
            (self.failures if outcome == "failed" else self.skips).append(f"{name}: {reason}" if reason else name)


def read_tap(name, text, totals):
    """Counts the cases of one program; returns how many cases it announced and how many of them it told of."""
    told = failed = 0
    for verdict, _, rest in TAP_LINE.findall(text):
        told += 1
        if "# SKIP" in rest:
            totals.add("skipped", name, rest.replace("# SKIP", "").strip())
        elif verdict == "ok":
            totals.add("passed", name)
        else:
            failed += 1
            totals.add("failed", f"{name}: {rest}")
    return sum(map(int, TAP_PLAN.findall(text))), told, failed


def read_meson(path, totals):
    for line in path.read_text().splitlines():
        test = json.loads(line)
        name, result = test["name"], test["result"]
        output = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
        planned, told, failed = read_tap(name, output, totals)
        if told < planned:
            totals.add("failed", name, f"{planned - told} of {planned} cases never ended ({result})")
        elif result == "SKIP":
            totals.add("skipped", name, output.strip().splitlines()[-1] if output.strip() else "no reason given")
        elif result not in ("OK", "EXPECTEDFAIL") and not failed:
            totals.add("failed", name, f"{result}, exit code {test.get('returncode')}")
        elif result == "OK" and not told:
            totals.add("passed", name)


def read_junit(path, totals):
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        skipped = case.find("skipped")
        if bad is not None:
            totals.add("failed", name, (bad.get("message") or "").splitlines()[0][:200] if bad.get("message") else "")
        elif skipped is not None:
            totals.add("skipped", name, skipped.get("message") or "no reason given")
        else:
            totals.add("passed", name)


def read_text(path, totals):
    lines = path.read_text().strip().splitlines()
    match = TOTALS.match(lines[-1].strip()) if lines else None
    if not match:
        totals.add("failed", path.name, "does not end in a line of totals")
        return
    passed, failed, skipped = map(int, match.groups())
    totals.passed += passed
    totals.failures += [f"{path.name} ({failed})"] * failed
    totals.skips += [f"{path.name} ({skipped})"] * skipped


def read_file(path, totals):
    path = Path(path)
    if not path.is_file():
        totals.add("failed", str(path), "no report was written")
    else:
        reader = {".json": read_meson, ".xml": read_junit}.get(path.suffix, read_text)
        reader(path, totals)


def main():
    totals = Totals()
    for path in sys.argv[1:]:
        read_file(path, totals)
    for skip in totals.skips:
        print(f"SKIPPED  {skip}")
    for failure in totals.failures:
        print(f"FAILED   {failure}")
    print(f"{totals.passed} passed, {len(totals.failures)} failed, {len(totals.skips)} skipped")
    return 1 if totals.failures or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main())
