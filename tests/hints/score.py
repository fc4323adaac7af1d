#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How good are the hints?   tests/hints/score.py HINTS.json [SAID.json]

HINTS.json holds {"id": ["hint", …]}, SAID.json {"id": "all that compiler and program wrote"}. `make hints-score` writes both below
build/hints/. Prints one row a language, one a kind, and the total; exits 1 when a figure is under its threshold, and lists every program
whose hints fall short, so that one can see what to mend.

  cov   programs with at least one hint
  hit1  programs whose first hint names the cause (any of must_mention)
  hit   programs where one of the first three does
  name  of those with names: one of the first three hints says one of them
  line  of those with lines: one of the first three says "line N" with a right N
  bad   programs with a hint that says what is false (any of must_not_mention)
  echo  programs whose right hints are only the compiler's words again (80 % of a hint's words stand in one line of its output)
  full  hit, name and line, and not echo
  n     hints per program
"""
import json
import re
import sys
from pathlib import Path

import corpus

COLUMNS = ("cov", "hit1", "hit", "name", "line", "bad", "echo", "full")
AT_LEAST = {"cov": 97, "hit": 92, "full": 80}
AT_MOST = {"bad": 0}
QUOTES = re.compile("[`'\"\u2018\u2019\u201c\u201d]")
WORD = re.compile(r"\w+")


def says(hint, patterns):
    """Whether any of the patterns is found in the hint, with its quotation marks or without."""
    lowered = hint.lower()
    return any(re.search(pattern, text, re.S) for text in (lowered, QUOTES.sub("", lowered)) for pattern in patterns)


def names_one(hint, names):
    return any(re.search(r"(?<!\w)" + re.escape(name.lower()) + r"(?!\w)", hint.lower()) for name in names)


def lines_in(hint):
    """The line numbers a hint speaks of: "line 3", "lines 3 and 5", "main.c:3"."""
    numbers = {int(number) for number in re.findall(r":(\d+)", hint)}
    for run in re.findall(r"\blines?((?:\s+|,|and|or|to|-|–|\d+)+)", hint.lower()):
        numbers.update(int(number) for number in re.findall(r"\d+", run))
    return numbers


def only_repeats(hint, said):
    """Whether the hint is one line of what compiler and program wrote, hardly changed."""
    words = set(WORD.findall(hint.lower()))
    return bool(words) and any(5 * len(words & set(WORD.findall(line.lower()))) >= 4 * len(words) for line in said.splitlines())


def judge(entry, hints, said=""):
    """The measures of one broken program; name and line are None where the entry has none to say."""
    first = hints[:3]
    right = [hint for hint in first if says(hint, entry.must_mention)]
    echo = bool(right) and all(only_repeats(hint, said) for hint in right)
    name = any(names_one(hint, entry.names) for hint in first) if entry.names else None
    line = any(lines_in(hint) & set(entry.line) for hint in first) if entry.line else None
    return {
        "cov": bool(hints),
        "hit1": bool(hints) and says(hints[0], entry.must_mention),
        "hit": bool(right),
        "name": name,
        "line": line,
        "bad": any(says(hint, entry.must_not_mention) for hint in hints),
        "echo": echo,
        "full": bool(right) and name is not False and line is not False and not echo,
        "n": len(hints),
    }


def control_holds(entry, hints):
    """A correct program has no hint, a trap none that says what is false."""
    if entry.verdict == "accepted" and hints:
        return False
    return not any(says(hint, entry.must_not_mention) for hint in hints)


def percent(judgements, column):
    """Of those the column applies to; None when it applies to none."""
    values = [judgement[column] for judgement in judgements if judgement[column] is not None]
    return 100 * sum(values) / len(values) if values else None


class Score:
    """Everything about one run: rows (group → judgements), and controls (entry → holds)."""

    def __init__(self, entries, hints, said):
        self.hints = hints
        self.rows, self.judged, self.controls = {}, {}, {}
        for entry in entries:
            given = hints.get(entry.id, [])
            if not entry.broken:
                self.controls[entry.id] = control_holds(entry, given)
                continue
            judgement = self.judged[entry.id] = judge(entry, given, said.get(entry.id, ""))
            for group in (entry.language, f"({entry.kind})", "total"):
                self.rows.setdefault(group, []).append(judgement)

    def total(self, column):
        return percent(self.rows.get("total", []), column)

    def table(self):
        order = sorted(self.rows, key=lambda group: (group == "total", group.startswith("("), group))
        lines = [f"{'':16}{'N':>5}" + "".join(f"{column:>7}" for column in COLUMNS) + f"{'n':>6}"]
        for group in order:
            judgements = self.rows[group]
            cells = [percent(judgements, column) for column in COLUMNS]
            lines.append(f"{group:16}{len(judgements):5}" + "".join("      -" if cell is None else f"{cell:6.1f}%" for cell in cells)
                         + f"{sum(judgement['n'] for judgement in judgements) / len(judgements):6.2f}")
        lines.append(f"controls without a wrong word: {sum(self.controls.values())} of {len(self.controls)}")
        return "\n".join(lines)

    def failures(self):
        """Which thresholds are missed (list of texts)."""
        failed = [f"{column} is {self.total(column):.1f} %, {least} % are wanted" for column, least in AT_LEAST.items()
                  if (self.total(column) or 0) < least]
        failed += [f"{column} is {self.total(column):.1f} %, at most {most} % are allowed" for column, most in AT_MOST.items()
                   if (self.total(column) or 0) > most]
        failed += [f"control {name}: {self.hints.get(name)}" for name, holds in self.controls.items() if not holds]
        return failed

    def shortcomings(self):
        """[(id, what is missing, hints)] of every broken program that is not full, or bad."""
        found = []
        for name, judgement in self.judged.items():
            missing = [column for column in ("cov", "hit", "name", "line") if judgement[column] is False]
            missing += [column for column in ("bad", "echo") if judgement[column]]
            if missing:
                found.append((name, missing, self.hints.get(name, [])))
        return found


def main(arguments):
    if not 1 <= len(arguments) <= 2:
        sys.exit(__doc__)
    hints = json.loads(Path(arguments[0]).read_text())
    said = json.loads(Path(arguments[1]).read_text()) if len(arguments) == 2 else {}
    score = Score([entry for entry in corpus.load() if entry.id in hints], hints, said)
    for name, missing, given in score.shortcomings():
        print(f"{name}: {', '.join(missing)}")
        print("".join(f"    {hint}\n" for hint in given), end="")
    print(score.table())
    failed = score.failures()
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
