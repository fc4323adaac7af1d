# SPDX-License-Identifier: Apache-2.0
"""Every program of the corpus comes to the verdict that its manifest states, and the hints it gets are good enough.

All of them go to one server, whose slots bound how many run at a time. HINTS_CORPUS=all takes the whole corpus (`make hints-score`);
otherwise a third of it, always the same.
"""
import json
import os

import corpus
import pytest
import score
from harness import BUILD_DIR, ROOT

WHOLE = os.environ.get("HINTS_CORPUS") == "all"
ENTRIES = corpus.load()
RUN = [entry for entry in (ENTRIES if WHOLE else corpus.share(ENTRIES, 3)) if entry.compile_output is None]


@pytest.fixture(scope="session")
def documents(shared_server):
    """{id: finished document} of all programs that are run: submitted at once, then waited for."""
    tokens = {entry.id: shared_server.submit(entry.request()) for entry in RUN}
    return {name: shared_server.result(token, seconds=300) for name, token in tokens.items()}


def said_by(document):
    """All that compiler and program wrote."""
    compiled = document["compile"] or {"stdout": "", "stderr": ""}
    return "\n".join([compiled["stdout"], compiled["stderr"], *(result["stderr"] + result["stdout"] for result in document["results"])])


@pytest.fixture(scope="session")
def scored(documents):
    hints = {name: document["hints"] for name, document in documents.items()}
    said = {name: said_by(document) for name, document in documents.items()}
    folder = BUILD_DIR / "hints"
    folder.mkdir(exist_ok=True)
    (folder / "hints.json").write_text(json.dumps(hints, indent=1, ensure_ascii=False))
    (folder / "said.json").write_text(json.dumps(said, indent=1, ensure_ascii=False))
    (folder / "documents.json").write_text(json.dumps(documents, indent=1, ensure_ascii=False))
    return score.Score(RUN, hints, said)


@pytest.mark.timeout(600)  # the first one waits for all the others
@pytest.mark.parametrize("entry", RUN, ids=lambda entry: entry.id)
def test_verdict(documents, entry):
    document = documents[entry.id]
    assert document["status"] == "completed", document
    assert document["verdict"] == entry.verdict, document


@pytest.mark.timeout(600)
def test_score(scored, capsys):
    """The issue's thresholds. They hold as soon as there are rules."""
    with capsys.disabled():
        print("\n" + scored.table())
    if not (ROOT / "hints").is_dir():
        pytest.skip("no rules for hints yet")
    assert not scored.failures(), f"see {BUILD_DIR}/hints, or run tests/hints/score.py with hints.json and said.json of that folder"


def test_no_two_programs_are_the_same():
    codes = {}
    for entry in ENTRIES:
        codes.setdefault("".join(entry.code.split()), []).append(entry.id)
    assert [names for names in codes.values() if len(names) > 1] == []
