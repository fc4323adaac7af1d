# SPDX-License-Identifier: Apache-2.0
"""The measures can tell good hints from bad ones, and the manifest's checks catch slips."""
import dataclasses
import subprocess
import sys

import corpus
import pytest
import score

BROKEN = corpus.Entry(id="c-x", language="c", file="programs/c/c-semicolon-sum.c", kind="compile", verdict="compilation_error",
                      must_mention=["semicolon", "missing ;"], must_not_mention=["overflow"], line=[7, 8], names=["sum"])
RIGHT = corpus.Entry(id="c-y", language="c", file="programs/c/c-ok-warnings.c", kind="success", verdict="accepted", must_mention=[])
TRAP = corpus.Entry(id="c-z", language="c", file="programs/c/c-unexplained-answer.c", kind="trap", verdict="wrong_answer",
                    must_mention=[], must_not_mention=["overflow"])
SAID = "main.c:7:20: error: expected ',' or ';' before 'printf'\nnothing else"


@pytest.mark.parametrize("hints, true, false", [
    (["Line 7: a semicolon is missing after 'sum'."], {"cov", "hit1", "hit", "name", "line", "full"}, {"bad", "echo"}),
    (["Line 7: missing `;` after sum"], {"hit", "full"}, {"bad"}),
    (["Something is wrong.", "Line 8: Semicolon after sum?"], {"cov", "hit", "full"}, {"hit1"}),
    (["a", "b", "c", "Line 7: semicolon after sum"], {"cov"}, {"hit", "name", "line", "full"}),
    (["Line 70: a semicolon is missing after sums."], {"hit"}, {"line", "name", "full"}),
    (["A semicolon; main.c:8, sum"], {"line", "full"}, {"echo"}),
    (["Lines 3 and 8: semicolon, sum"], {"line"}, set()),
    (["Line 7: semicolon after sum; or an overflow"], {"bad", "hit"}, set()),
    ([], set(), {"cov", "hit1", "hit", "name", "line", "bad", "echo", "full"}),
])
def test_a_broken_program_is_judged(hints, true, false):
    judgement = score.judge(BROKEN, hints, SAID)
    assert {column for column in true if not judgement[column]} == set()
    assert {column for column in false if judgement[column]} == set()


def test_the_compilers_own_words_do_not_count_in_full():
    entry = dataclasses.replace(BROKEN, must_mention=["expected"], names=[])
    echo = score.judge(entry, ["main.c:7: expected ',' or ';' before 'printf'"], SAID)
    assert echo["hit"] and echo["line"] and echo["echo"] and not echo["full"]
    own = score.judge(entry, ["Line 7 is expected to end in ';': add one behind the number."], SAID)
    assert own["full"] and not own["echo"]


def test_what_does_not_apply_is_not_counted():
    entry = dataclasses.replace(BROKEN, line=[], names=[])
    judgement = score.judge(entry, ["a semicolon"], "")
    assert judgement["name"] is None and judgement["line"] is None and judgement["full"]
    assert score.percent([judgement], "name") is None
    assert score.percent([judgement, score.judge(BROKEN, [], "")], "line") == 0


def test_controls():
    assert score.control_holds(RIGHT, []) and not score.control_holds(RIGHT, ["anything"])
    assert score.control_holds(TRAP, []) and score.control_holds(TRAP, ["the second number differs"])
    assert not score.control_holds(TRAP, ["An `overflow`."])


@pytest.mark.parametrize("hints, complaint", [
    ({}, "cov"),
    ({"c-x": ["no idea"]}, "hit"),
    ({"c-x": ["a semicolon"]}, "full"),
    ({"c-x": ["Line 7: a semicolon after sum, no overflow"]}, "bad"),
    ({"c-x": ["Line 7: a semicolon after sum"], "c-y": ["x"]}, "control c-y"),
    ({"c-x": ["Line 7: a semicolon after sum"], "c-z": ["overflow"]}, "control c-z"),
])
def test_each_threshold_can_fail(hints, complaint):
    assert any(text.startswith(complaint) for text in score.Score([BROKEN, RIGHT, TRAP], hints, {}).failures())


def test_good_hints_pass_and_have_a_table():
    good = score.Score([BROKEN, RIGHT, TRAP], {"c-x": ["Line 7: a semicolon after sum"]}, {"c-x": SAID})
    assert good.failures() == [] and good.shortcomings() == []
    assert "controls without a wrong word: 2 of 2" in good.table()
    assert good.table().splitlines()[-2].split()[:3] == ["total", "1", "100.0%"]


@pytest.mark.parametrize("change, complaint", [
    ({"id": "X"}, "id"), ({"kind": "sad"}, "kind"), ({"verdict": "accepted"}, "verdict"), ({"must_mention": []}, "must_mention"),
    ({"must_mention": ["("]}, "must_mention"), ({"must_mention": ["Semicolon"]}, "capitals"), ({"line": [99]}, "line"),
    ({"file": "programs/c/none.c"}, "file"), ({"kind": "wrong_answer", "verdict": "wrong_answer"}, "expected_output"),
    ({"kind": "success", "verdict": "accepted"}, "no hint at all"),
    ({"kind": "trap", "verdict": "accepted", "must_not_mention": []}, "must_not_mention"),
])
def test_a_slip_in_a_manifest_is_caught(change, complaint):
    assert corpus.complaints(BROKEN) == []
    assert any(complaint in text for text in corpus.complaints(dataclasses.replace(BROKEN, **change)))


def test_the_shares_make_up_the_whole():
    entries = corpus.load()
    parts = [corpus.share(entries, 3, part) for part in range(3)]
    assert sorted(entry.id for part in parts for entry in part) == sorted(entry.id for entry in entries)
    assert all(len(entries) / 4 < len(part) < len(entries) / 2 for part in parts)


def test_the_program_ends_with_1_when_hints_are_bad(tmp_path):
    (tmp_path / "hints.json").write_text('{"c-semicolon-sum": ["no idea"]}')
    done = subprocess.run([sys.executable, corpus.HERE / "score.py", tmp_path / "hints.json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "c-semicolon-sum: hit, line" in done.stdout, done.stdout + done.stderr
    (tmp_path / "hints.json").write_text('{"c-semicolon-sum": ["Line 7: a semicolon is missing."]}')
    done = subprocess.run([sys.executable, corpus.HERE / "score.py", tmp_path / "hints.json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
