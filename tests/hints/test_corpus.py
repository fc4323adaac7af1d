# SPDX-License-Identifier: Apache-2.0
"""Every program of the corpus comes to the verdict that its manifest states, and the hints it gets are good enough.

All of them go to one server, whose slots bound how many run at a time. HINTS_CORPUS=all takes the whole corpus (`make hints-score`);
otherwise a third of it, always the same; a ninth on a sanitizer build.
"""
import json
import os

import corpus
import pytest
import score
from harness import BUILD_DIR, ROOT, SANITIZED

WHOLE = os.environ.get("HINTS_CORPUS") == "all"
ENTRIES = corpus.load()
RUN = [entry for entry in (ENTRIES if WHOLE else corpus.share(ENTRIES, 9 if SANITIZED else 3)) if entry.compile_output is None]
LEAST = {"c": 26, "cpp": 26, "java": 26, "python": 26, "javascript": 26, "go": 26, "rust": 26,
         "typescript": 10, "ruby": 10, "php": 10, "bash": 10, "csharp": 10, "kotlin": 10}


@pytest.fixture(scope="session")
def documents(shared_server, request):
    """{id: finished document} of all programs that the chosen tests ask for: submitted at once, then waited for."""
    chosen = {item.callspec.params["entry"].id for item in request.session.items if "entry" in getattr(item, "fixturenames", ())}
    whole = any("scored" in getattr(item, "fixturenames", ()) for item in request.session.items)
    tokens = {entry.id: shared_server.submit(entry.request()) for entry in RUN if whole or entry.id in chosen}
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
    if not (ROOT / "src/hints").is_dir():
        pytest.skip("no rules for hints yet")
    assert not scored.failures(), f"see {BUILD_DIR}/hints, or run tests/hints/score.py with hints.json and said.json of that folder"


def test_size_of_the_corpus():
    family = {"c-clang": "c", "cpp-clang": "cpp"}
    count = {}
    for entry in ENTRIES:
        if entry.broken:
            language = family.get(entry.language, entry.language)
            count[language] = count.get(language, 0) + 1
    assert {language: (count.get(language, 0), least) for language, least in LEAST.items() if count.get(language, 0) < least} == {}
    assert sum(count.values()) >= 260
    assert sum(not entry.broken for entry in ENTRIES) >= 45


def test_no_two_programs_are_the_same():
    codes = {}
    for entry in ENTRIES:
        codes.setdefault("".join(entry.code.split()), []).append(entry.id)
    assert [names for names in codes.values() if len(names) > 1] == []
