# SPDX-License-Identifier: Apache-2.0
"""The corpus: small programs, most of them broken in exactly one way, each with what a good hint about it would say.

One manifest a language (c.yaml, …), the programs below programs/. README.md explains the fields; load() holds every entry to it, so that
a slip in a manifest is an error and not a program that quietly counts for nothing.
"""
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).parent
BROKEN = ("compile", "runtime", "limit", "wrong_answer")
CONTROLS = ("success", "trap")
VERDICTS = {
    "compile": {"compilation_error", "runtime_error"},  # interpreters find out when they run
    "runtime": {"runtime_error"},
    "limit": {"time_limit_exceeded", "memory_limit_exceeded", "output_limit_exceeded", "runtime_error"},  # the last: no more processes
    "wrong_answer": {"wrong_answer"},
    "success": {"accepted"},
    "trap": {"accepted", "wrong_answer", "runtime_error"},
}


@dataclass
class Entry:
    id: str
    language: str
    file: str
    kind: str
    verdict: str
    must_mention: list
    stdin: str = ""
    expected_output: str = ""
    must_not_mention: list = field(default_factory=list)
    line: list = field(default_factory=list)
    names: list = field(default_factory=list)
    limits: dict = field(default_factory=dict)
    checker: dict = None
    compile_output: str = None  # recorded where the toolchain was at hand; the program itself is not run
    note: str = ""

    @property
    def broken(self):
        return self.kind in BROKEN

    @property
    def code(self):
        return (HERE / self.file).read_bytes().decode()

    def request(self):
        """The body for POST /execute-batch."""
        test = {"stdin": self.stdin}
        if self.expected_output:
            test["expected_output"] = self.expected_output
        body = {"language": self.language, "code": self.code, "test_cases": [test]}
        if self.limits:
            body["limits"] = self.limits
        if self.checker:
            body["checker"] = self.checker
        return body


def complaints(entry):
    """What is wrong with an entry (list of texts)."""
    said = []
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", entry.id):
        said.append("id: words of a-z and 0-9 with - between them")
    if entry.kind not in BROKEN + CONTROLS:
        return said + [f"kind: {entry.kind} is none of {', '.join(BROKEN + CONTROLS)}"]
    if entry.verdict not in VERDICTS[entry.kind]:
        said.append(f"verdict: {entry.verdict} does not go with kind {entry.kind}")
    if entry.broken and not entry.must_mention:
        said.append("must_mention: a broken program needs one")
    if entry.kind == "success" and (entry.must_mention or entry.must_not_mention):
        said.append("a correct program gets no hint at all; there is nothing to mention")
    if entry.kind == "trap" and not entry.must_not_mention:
        said.append("must_not_mention: a trap needs one")
    if entry.kind == "wrong_answer" and not entry.expected_output:
        said.append("expected_output: a wrong answer needs one")
    for name in ("must_mention", "must_not_mention"):
        for pattern in getattr(entry, name):
            try:
                re.compile(pattern)
            except re.error as problem:
                said.append(f"{name}: {pattern!r}: {problem}")
            if re.sub(r"\\.", "", pattern) != re.sub(r"\\.", "", pattern).lower():
                said.append(f"{name}: {pattern!r} has capitals, hints are lowered before they are searched")
    if not (HERE / entry.file).is_file():
        return said + [f"file: there is no {entry.file}"]
    lines = entry.code.count("\n") + 1
    said += [f"line: {line}, the program has {lines}" for line in entry.line if not 1 <= line <= lines]
    return said


def load():
    """All entries, in the order of the manifests; raises ValueError with everything that is wrong."""
    entries, said = [], []
    for manifest in sorted(HERE.glob("*.yaml")):
        for raw in yaml.safe_load(manifest.read_text()):
            try:
                entry = Entry(**raw)
            except TypeError as problem:
                said.append(f"{manifest.name}: {raw.get('id')}: {problem}")
                continue
            said += [f"{manifest.name}: {entry.id}: {text}" for text in complaints(entry)]
            if any(entry.id == other.id for other in entries):
                said.append(f"{manifest.name}: {entry.id}: the id is there twice")
            entries.append(entry)
    known = {entry.file for entry in entries}
    for path in sorted((HERE / "programs").rglob("*.*")):
        if path.is_file() and str(path.relative_to(HERE)) not in known:
            said.append(f"{path.relative_to(HERE)}: no manifest speaks of it")
    if said:
        raise ValueError("\n".join(said))
    return entries


def share(entries, of=1, part=0):
    """Every of-th entry, the same ones whenever and wherever it is asked, and whatever is added later."""
    return [entry for entry in entries if zlib.crc32(entry.id.encode()) % of == part]
